using System.Text.Json;
using System.Text.Json.Nodes;
using Avro.File;
using Avro.Generic;
using FlowPipe.Core.Emitting;
using FlowPipe.Schemas;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// What <c>avro:FILE</c> holds, read by three programs that share no line with ours, is what <c>ndjson:FILE</c> of the same run says, field by field.
/// </summary>
public sealed class ReaderTests
{
    private const string Python = "/usr/bin/python3"; // Debian's, which has Debian's packages

    private static readonly Lazy<Task<bool>> HasPythonAvro = new(static async () =>
        File.Exists(Python) && (await Programs.RunAsync(Python, "-c", "import avro.datafile")).Status == 0
    );

    public static TheoryData<string> Names => [.. Samples.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public Task ApacheAvro(string sample) => CheckAsync(sample, static path => Task.FromResult(ReadWithApacheAvro(path)));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task PythonAvro(string sample)
    {
        if (!await HasPythonAvro.Value)
            Assert.Skip("python3-avro is absent: apt-get install python3-avro");
        string script = Repository.Path("tests", "Conformance", "readers", "read_avro.py");
        await CheckAsync(sample, async path => Lines(await Programs.OutputOfAsync(Python, script, path)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Avsc(string sample)
    {
        string avsc = Repository.Path("artifacts", "node", "node_modules", "avsc");
        if (!Directory.Exists(avsc))
            Assert.Skip("avsc is absent: scripts/test.sh installs it with npm");
        string script = Repository.Path("tests", "Conformance", "readers", "read_avro.js");
        await CheckAsync(sample, async path => Lines(await Programs.OutputOfAsync("node", script, avsc, path)));
    }

    private static async Task CheckAsync(string sample, Func<string, Task<List<JsonObject>>> read)
    {
        using var folder = new TemporaryFolder();
        string avro = folder.Path("sessions.avro");
        string ndjson = folder.Path("sessions.ndjson");
        await using (var avroSink = new AvroFileSink(avro, SessionSchema.Json))
        await using (var jsonSink = new NdjsonSink(ndjson))
            await new InProcessRun { Reading = ReadingVariants.Default(Samples.Path(sample)), Partitions = 2 }.IntoAsync(
                avroSink,
                jsonSink
            );

        List<JsonObject> records = await read(avro);
        string[] documents = await File.ReadAllLinesAsync(ndjson);
        Assert.True(documents.Length > 0, $"{sample} made no record");
        Assert.Equal(documents.Length, records.Count);
        for (int i = 0; i < documents.Length; i++)
            Assert.Equal(Facts.Of(JsonNode.Parse(documents[i])!), Facts.Of(DocumentOf.Record(records[i])));
    }

    private static List<JsonObject> Lines(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonNode.Parse(line)!.AsObject())];

    private static List<JsonObject> ReadWithApacheAvro(string path)
    {
        using IFileReader<GenericRecord> reader = DataFileReader<GenericRecord>.OpenReader(path);
        return [.. reader.NextEntries.Select(static record => Plain(record)!.AsObject())];
    }

    /// <summary>The record as JSON, as plainly as it can be said: names as in the schema, times as numbers.</summary>
    private static JsonNode? Plain(object? value) =>
        value switch
        {
            null => null,
            GenericRecord record => new JsonObject(
                record.Schema.Fields.Select(field => KeyValuePair.Create(field.Name, Plain(record[field.Name])))
            ),
            IDictionary<string, object> map => new JsonObject(
                map.Select(static entry => KeyValuePair.Create(entry.Key, Plain(entry.Value)))
            ),
            Array array => new JsonArray([.. array.Cast<object>().Select(Plain)]),
            DateTime time => new DateTimeOffset(time).ToUnixTimeMilliseconds(),
            _ => JsonSerializer.SerializeToNode(value),
        };
}
