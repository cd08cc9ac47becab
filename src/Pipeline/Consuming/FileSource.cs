using FlowPipe.Core;
using FlowPipe.Core.Consuming;
using FlowPipe.Core.Reading;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>The records of a file: an Avro container, or JSON lines.</summary>
internal sealed class FileSource : RecordSource
{
    private const int BatchRecords = 512;
    private const int BufferBytes = 1 << 16;

    private readonly Stream _stream;
    private readonly string _name;

    private FileSource(Stream stream, string name)
    {
        _stream = stream;
        _name = name;
    }

    public static FileSource Open(string name)
    {
        name = RecordFile.PathOf(name);
        try
        {
            return name == "-"
                ? new FileSource(new BufferedStream(Console.OpenStandardInput(), BufferBytes), "stdin")
                : new FileSource(new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, BufferBytes), name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FlowPipeException($"--from {name}: it can't be read: {e.Message}", e);
        }
    }

    public override IEnumerable<IReadOnlyList<StoredRecord>> Read(CancellationToken stop)
    {
        int first = Guard(_stream.ReadByte);
        if (first >= 0 && !"O{ \t\r\n"u8.Contains((byte)first))
            throw new FlowPipeException(
                $"{_name} begins neither as an Avro container nor as lines of JSON: check what --from names; captures are read by 'flowpipe replay -r'"
            );
        // stdin can't be rewound: the byte that told the format is put back
        var whole = new PrefixedStream(first < 0 ? default : new byte[] { (byte)first }, _stream);
        IEnumerable<StoredRecord> records =
            first < 0 ? []
            : first == 'O' ? ReadAvro(whole)
            : ReadLines(whole);
        var batch = new List<StoredRecord>(BatchRecords);
        using IEnumerator<StoredRecord> next = records.GetEnumerator();
        FlowPipeException? damage = null;
        while (damage is null && !stop.IsCancellationRequested)
        {
            // What came before the damage is good, and shown before it is told.
            bool any = false;
            try
            {
                any = next.MoveNext();
            }
            catch (FlowPipeException e)
            {
                damage = e;
            }
            if (any)
                batch.Add(next.Current);
            if (batch.Count > 0 && (!any || batch.Count == BatchRecords))
            {
                yield return batch;
                batch = new List<StoredRecord>(BatchRecords);
            }
            if (!any)
                break;
        }
        if (damage is not null)
            throw damage;
    }

    public override void Dispose() => _stream.Dispose();

    private IEnumerable<StoredRecord> ReadLines(Stream stream)
    {
        var reader = new NdjsonReader(stream, _name);
        ReadOnlyMemory<byte> document = default;
        while (Guard(() => reader.TryRead(out document)))
        {
            string where = $"{_name}:{reader.Line}";
            yield return document.Span.TrimStart(" \t\r"u8) is [(byte)'{', ..]
                ? new StoredRecord(where) { Json = document.ToArray() }
                : new StoredRecord(where) { Fault = "it is not a JSON object" };
        }
    }

    private IEnumerable<StoredRecord> ReadAvro(Stream stream)
    {
        using AvroContainerReader reader = Guard(() => new AvroContainerReader(stream));
        SpiRecordDecoder decoder = Guard(() => new SpiRecordDecoder(reader.Schema));
        AvroBlock block = default;
        while (Guard(() => reader.TryRead(out block)))
        {
            int at = 0;
            for (long i = 0; i < block.Count; i++)
            {
                var values = new SpiFields();
                int taken = Guard(() => decoder.DecodeNext(block.Data[at..], values));
                // A writer's schema without fields would let a count alone keep this going for ever.
                if (taken == 0)
                    throw new FlowPipeException($"{_name}: block at byte {block.Offset}: {block.Count} records announced, {i} there");
                at += taken;
                yield return new StoredRecord(_name) { Values = values };
            }
        }
    }

    private T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new FlowPipeException($"{_name}: {e.Message}", e);
        }
    }
}
