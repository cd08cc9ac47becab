using System.Text;
using Avro.Generic;
using Avro.IO;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;

namespace FlowPipe.Tests.Unit.Emitting;

/// <summary>Batches of small records in both forms, made with Apache.Avro, so that what our sinks write has an independent origin.</summary>
internal static class TestRecords
{
    public const string Schema = """
        {"type":"record","name":"session","namespace":"flowpipe.test","doc":"no part of the fingerprint","fields":[
          {"name":"number","type":"long","default":0},{"name":"text","type":"string","default":""}]}
        """;

    private static readonly Avro.RecordSchema Parsed = (Avro.RecordSchema)Avro.Schema.Parse(Schema);

    public static SpiBatch Batch(int first, int count, int textLength = 20, Action<SpiBatch>? recycle = null)
    {
        var batch = new SpiBatch(recycle);
        var avro = new MemoryStream();
        var json = new MemoryStream();
        for (int number = first; number < first + count; number++)
        {
            SpiRecord record = batch.Add();
            record.Id = IdOf(number);
            record.RootId = number % 3 == 0 ? IdOf(number - 1) : Guid.Empty;
            record.Key = KeyOf(number);
            record.Final = number % 2 == 0;
            record.Reason = (EndReason)(number % Enum.GetValues<EndReason>().Length);
            int avroStart = (int)avro.Length;
            avro.Write(AvroOf(number, textLength));
            record.AvroRange = avroStart..(int)avro.Length;
            int jsonStart = (int)json.Length;
            json.Write(JsonOf(number, textLength));
            record.JsonRange = jsonStart..(int)json.Length;
        }

        batch.Avro = avro.ToArray();
        batch.AvroLength = batch.Avro.Length;
        batch.Json = json.ToArray();
        batch.JsonLength = batch.Json.Length;
        return batch;
    }

    public static Guid IdOf(int number) => new(number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

    public static byte[] KeyOf(int number) => Encoding.UTF8.GetBytes($"1:key{number}=");

    public static string TextOf(int number, int length) => new((char)('a' + (number % 26)), length);

    public static byte[] JsonOf(int number, int textLength = 20) =>
        Encoding.UTF8.GetBytes($$"""{"number":{{number}},"text":"{{TextOf(number, textLength)}}"}""");

    public static byte[] AvroOf(int number, int textLength = 20)
    {
        var record = new GenericRecord(Parsed);
        record.Add("number", (long)number);
        record.Add("text", TextOf(number, textLength));
        var bytes = new MemoryStream();
        new GenericDatumWriter<GenericRecord>(Parsed).Write(record, new BinaryEncoder(bytes));
        return bytes.ToArray();
    }
}

/// <summary>A folder of its own for each test, gone afterwards.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("flowpipe-sinks-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>A disk with so much room: a write that does not fit puts down what does, and fails.</summary>
internal sealed class FullDisk(string path, long room) : FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 0)
{
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        int fits = (int)Math.Min(buffer.Length, room - Length);
        base.Write(buffer[..fits]);
        if (fits < buffer.Length)
        {
            throw new IOException("No space left on device : '/somewhere'", 28);
        }
    }
}
