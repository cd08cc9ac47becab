using System.Text.Json.Nodes;
using FlowPipe.Core.Emitting;
using FlowPipe.Schemas;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>What <c>flowpipe schema --as</c> prints, judged by programs that share no line with ours.</summary>
public sealed class ConsumerTests
{
    private const string Python = "/usr/bin/python3"; // Debian's, which has Debian's packages

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static readonly Lazy<Task<bool>> HasJsonSchema = new(static async () =>
        File.Exists(Python) && (await Programs.RunAsync(Python, "-c", "from jsonschema import Draft202012Validator")).Status == 0
    );

    public static TheoryData<string> Names => [.. Samples.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task DocumentsAreAsTheirJsonSchemaSays(string sample)
    {
        if (!await HasJsonSchema.Value)
            Assert.Skip("python3-jsonschema is absent: apt-get install python3-jsonschema");
        using var folder = new TemporaryFolder();
        string schema = await DefineAsync(folder, "json", ConsumerEncoding.Json);
        string documents = folder.Path("sessions.ndjson");
        await using (var sink = new NdjsonSink(documents))
            await new InProcessRun { Reading = ReadingVariants.Default(Samples.Path(sample)), Partitions = 2 }.IntoAsync(sink);
        string script = Repository.Path("tests", "Conformance", "readers", "check_schema.py");
        string[] lines = await File.ReadAllLinesAsync(documents, Stop);
        Assert.NotEmpty(lines);
        Assert.Equal($"{lines.Length}\n", await Programs.OutputOfAsync(Python, script, schema, documents));

        // and it is a schema that refuses
        string other = folder.Path("other.ndjson");
        JsonNode changed = JsonNode.Parse(lines[0])!;
        changed["source"]!["port"] = "http";
        await File.WriteAllTextAsync(other, changed.ToJsonString() + "\n", Stop);
        Ended refused = await Programs.RunAsync(Python, script, schema, other);
        Assert.Equal(1, refused.Status);
        Assert.Contains("$.source.port", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FlinkAndSparkParseTheirDefinitions()
    {
        string package = Repository.Path("artifacts", "node", "node_modules", "dt-sql-parser");
        if (!Directory.Exists(package))
            Assert.Skip("dt-sql-parser is absent: scripts/test.sh installs it with npm");
        using var folder = new TemporaryFolder();
        string json = await DefineAsync(folder, "flink", ConsumerEncoding.Json);
        string confluent = await DefineAsync(folder, "flink", ConsumerEncoding.Confluent);
        // the columns that Spark's from_json gets are those of a table
        string script = await File.ReadAllTextAsync(await DefineAsync(folder, "spark", ConsumerEncoding.Json), Stop);
        string spark = folder.Path("spark.sql");
        string[] parts = script.Split("'''");
        Assert.Equal(3, parts.Length);
        await File.WriteAllTextAsync(spark, $"CREATE TABLE sessions ({parts[1]});", Stop);
        string checker = Repository.Path("tests", "Conformance", "readers", "check_sql.mjs");
        Assert.Equal("", await Programs.OutputOfAsync("node", checker, package, "flink", json, "flink", confluent, "spark", spark));

        // and they are parsers that refuse
        string wrong = folder.Path("wrong.sql");
        string text = await File.ReadAllTextAsync(json, Stop);
        await File.WriteAllTextAsync(wrong, text.Replace("ARRAY<STRING>", "ARRAY<STRING", StringComparison.Ordinal), Stop);
        Assert.Contains("wrong.sql:", await Programs.OutputOfAsync("node", checker, package, "flink", wrong), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ConsumerEncoding.Json)]
    [InlineData(ConsumerEncoding.Avro)]
    [InlineData(ConsumerEncoding.Confluent)]
    public async Task SparksScriptIsPython(ConsumerEncoding encoding)
    {
        using var folder = new TemporaryFolder();
        string script = await DefineAsync(folder, "spark", encoding);
        await Programs.OutputOfAsync("python3", "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", script);
    }

    /// <summary>Documents go into an index of the template, also into one that refuses what is not mapped, and are found by what they are.</summary>
    [Fact]
    public async Task OpenSearchTakesTheDocuments()
    {
        string program = Repository.Path("..", "shared", "opensearch", "run");
        if (!File.Exists(program))
            Assert.Skip("../shared/opensearch is not here");
        await Programs.OutputOfAsync("java", "-version"); // skips where it is absent
        using var folder = new TemporaryFolder();
        string documents = folder.Path("sessions.ndjson");
        await using (var sink = new NdjsonSink(documents))
            await new InProcessRun { Reading = ReadingVariants.Default(Samples.Path("dns.pcap")), Partitions = 2 }.IntoAsync(sink);
        string[] lines = await File.ReadAllLinesAsync(documents, Stop);
        JsonNode template = JsonNode.Parse(
            await File.ReadAllTextAsync(await DefineAsync(folder, "opensearch", ConsumerEncoding.Json), Stop)
        )!;

        // the server runs as another user, who must be able to enter its folder
        string data = Path.Combine(Path.GetTempPath(), $"flowpipe-opensearch-{Guid.NewGuid():N}");
        try
        {
            string url = (await Programs.OutputOfAsync(program, "start", "--dir", data, "--port", "0")).Trim();
            using var client = new HttpClient { BaseAddress = new Uri(url) };
            await SendAsync(client, HttpMethod.Put, "_index_template/flowpipe", template.ToJsonString());
            JsonNode mappings = template["template"]!["mappings"]!.DeepClone();
            mappings["dynamic"] = "strict";
            await SendAsync(client, HttpMethod.Put, "strict", new JsonObject { ["mappings"] = mappings }.ToJsonString());
            foreach (string index in (string[])["flowpipe-sessions-1", "strict"])
            {
                string bulk = string.Concat(
                    lines.Select(line => $"{{\"index\":{{\"_id\":{JsonNode.Parse(line)!["flowpipe"]!["id"]!.ToJsonString()}}}}}\n{line}\n")
                );
                JsonNode answer = await SendAsync(client, HttpMethod.Post, $"{index}/_bulk?refresh=true", bulk);
                Assert.False(answer["errors"]!.GetValue<bool>(), answer.ToJsonString());
            }
            string first = $"{lines.Min(static line => JsonNode.Parse(line)!["firstPacket"]!.GetValue<long>())}";
            foreach (
                (string query, int count) in ((string, int)[])
                    [
                        ("*", lines.Length),
                        ("source.ip:\"10.77.0.0/24\" OR source.ip:\"fd00:77::/64\"", lines.Length),
                        ($"firstPacket:[* TO {first}] AND packetRange:{first}", 1),
                        ("network.bytes:>100000000", 0),
                    ]
            )
            {
                JsonNode found = await SendAsync(
                    client,
                    HttpMethod.Get,
                    $"flowpipe-sessions-1/_count?q={Uri.EscapeDataString(query)}",
                    null
                );
                Assert.Equal((query, count), (query, found["count"]!.GetValue<int>()));
            }
        }
        finally
        {
            await Programs.RunAsync(program, "stop", "--dir", data);
            if (Directory.Exists(data))
                Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<JsonNode> SendAsync(HttpClient client, HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await client.SendAsync(request, Stop);
        string answer = await response.Content.ReadAsStringAsync(Stop);
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode}\n{answer}");
        return JsonNode.Parse(answer)!;
    }

    /// <summary>The whole way but Kafka itself: the tables are made, records are put into the first and come out of the second.</summary>
    [Theory]
    [InlineData(
        ConsumerEncoding.Json,
        "JSONEachRow",
        "toUnixTimestamp64Milli(firstPacket), id, source.ip, ifNull(source.port, -1), network.bytes"
    )]
    [InlineData(ConsumerEncoding.Confluent, "Avro", "toUnixTimestamp64Milli(first_packet), id, source.ip, source.port, network.bytes")]
    public async Task ClickHouseReadsTheRecords(ConsumerEncoding encoding, string format, string columns)
    {
        // an engine of 500 MB is too much for every run: npm install --prefix artifacts/node chdb@3
        string package = Repository.Path("artifacts", "node", "node_modules", "chdb");
        if (!Directory.Exists(package))
            Assert.Skip("chdb is absent: npm install --prefix artifacts/node chdb@3");
        using var folder = new TemporaryFolder();
        string documents = folder.Path("sessions.ndjson");
        string avro = folder.Path("sessions.avro");
        await using (var avroSink = new AvroFileSink(avro, SessionSchema.Json))
        await using (var jsonSink = new NdjsonSink(documents))
            await new InProcessRun { Reading = ReadingVariants.Default(Samples.Path("dns.pcap")), Partitions = 1 }.IntoAsync(
                avroSink,
                jsonSink
            );
        string definition = await DefineAsync(folder, "clickhouse", encoding);
        string script = Repository.Path("tests", "Conformance", "readers", "read_clickhouse.js");
        string file = encoding == ConsumerEncoding.Json ? documents : avro;
        string kept = await Programs.OutputOfAsync("node", script, package, definition, file, format, columns);
        string[] expected = [.. (await File.ReadAllLinesAsync(documents, Stop)).Select(Row).Order(StringComparer.Ordinal)];
        Assert.Equal(expected, kept.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    private static string Row(string line)
    {
        JsonNode document = JsonNode.Parse(line)!;
        return string.Join(
            '\t',
            document["firstPacket"],
            document["flowpipe"]!["id"],
            document["source"]!["ip"],
            document["source"]!["port"] ?? -1,
            document["network"]!["bytes"]
        );
    }

    private static async Task<string> DefineAsync(TemporaryFolder folder, string name, ConsumerEncoding encoding)
    {
        string path = folder.Path($"{name}-{ConsumerDefinitions.NameOf(encoding)}");
        await File.WriteAllTextAsync(path, ConsumerDefinitions.Print(name, new ConsumerTarget { Encoding = encoding }));
        return path;
    }
}
