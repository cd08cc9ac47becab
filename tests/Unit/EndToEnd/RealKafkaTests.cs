using System.Globalization;
using System.Text.Json;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

public sealed class RealKafkaTests
{
    private const string Topic = "flowpipe.spi.v1";

    [Fact]
    public async Task ATopicHoldsEveryRecordWithItsKeyAndHeaders()
    {
        await using RealKafka kafka = await RealKafka.StartAsync();
        using var folder = new TemporaryFolder();
        string[] inputs = ["-r", Executable.Sample("dns.pcap"), Executable.Sample("http.pcap"), Executable.Sample("vlan.pcap")];
        string lines = Path.Combine(folder.Path, "sessions.json");
        string topic = $"kafka://{kafka.Address}/{Topic}";
        ProgramResult run = (
            await Executable.RunAsync([
                "replay",
                .. inputs,
                "--node",
                "probe-1",
                "--set",
                "sessions.sessionIdTracking=vlan",
                "--to",
                topic,
                "--to",
                $"ndjson:{lines}",
            ])
        ).Succeeded();
        List<JsonElement> documents = Documents.OfFile(lines);
        Assert.Equal(documents.Count, run.Ledger($"records delivered to {topic}"));

        // Another client, of the same topic: %k key, %h headers, %s value
        using var kcat = new ProgramRun("kcat", ["-b", kafka.Address, "-t", Topic, "-C", "-e", "-q", "-f", "%k\\t%h\\t%s\\n"]);
        ProgramResult read = (await kcat.EndAsync()).Succeeded();
        Assert.Equal(documents.Count, read.Lines.Length);
        var values = new List<JsonElement>();
        int withVlan = 0;
        foreach (string line in read.Lines)
        {
            string[] parts = line.Split('\t', 3);
            JsonElement document = JsonElement.Parse(parts[2]);
            values.Add(document);
            Dictionary<string, string> headers = parts[1]
                .Split(',')
                .Select(static header => header.Split('=', 2))
                .ToDictionary(static pair => pair[0], static pair => pair[1], StringComparer.Ordinal);
            Assert.Equal(document.GetProperty("flowpipe").GetProperty("id").GetString(), headers["id"]);
            Assert.Equal("probe-1", headers["node"]);
            Assert.Equal("1", headers["final"]);
            if (KeyOf(document) is { } key)
                Assert.Equal(key, parts[0]);
            else
                Assert.Matches("^0:[A-Za-z0-9+/]{27}=$", parts[0]); // a hash over the session's own key, which the document does not have
            withVlan += parts[0].EndsWith(";vlan=5", StringComparison.Ordinal) ? 1 : 0;
        }
        Assert.True(withVlan > 0);
        Assert.Equal(Documents.Ids(documents), Documents.Ids(values));

        ProgramResult consumed = (await Executable.RunAsync("consume", "--from", topic, "--format", "sessions3")).Succeeded();
        Assert.Equal(Documents.Ids(documents), Documents.Ids(Documents.Parse(consumed.Out)));
        ProgramResult table = (await Executable.RunAsync("consume", "--from", topic, "-n", "3")).Succeeded();
        Assert.Equal(4, table.Lines.Length);

        // As Avro, a consumer shows the same documents.
        string avro = $"kafka://{kafka.Address}/flowpipe.avro";
        (
            await Executable.RunAsync([
                "replay",
                .. inputs,
                "--node",
                "probe-1",
                "--set",
                "sessions.sessionIdTracking=vlan",
                "--to",
                $"{avro}?format=avro",
            ])
        ).Succeeded();
        ProgramResult decoded = (await Executable.RunAsync("consume", "--from", avro, "--format", "sessions3")).Succeeded();
        Assert.Equal(Documents.Sorted(consumed.Out), Documents.Sorted(decoded.Out));
    }

    [Fact]
    public async Task ATopicThatNobodyCreatesIsNamed()
    {
        await using RealKafka kafka = await RealKafka.StartAsync("--no-auto-create");
        string topic = $"kafka://{kafka.Address}/flowpipe.nowhere.v1";
        foreach (
            string[] command in (string[][])
                [
                    ["replay", "-r", Executable.Sample("ntp.pcap"), "--to", topic],
                    ["consume", "--from", topic],
                ]
        )
        {
            ProgramResult run = await Executable.RunAsync(command);
            run.Said(1, topic, "the topic does not exist", "flowpipe topics create").WithoutBug();
        }

        // What the message says is what helps.
        (await Executable.RunAsync("topics", "create", "--to", topic)).Succeeded();
        ProgramResult again = (await Executable.RunAsync("replay", "-r", Executable.Sample("ntp.pcap"), "--to", topic)).Succeeded();
        Assert.Equal(Samples.Sessions("ntp.pcap"), again.Ledger($"records delivered to {topic}"));
    }

    /// <summary>As docs/records.md has it for sessions that have a Community ID; null for others.</summary>
    private static string? KeyOf(JsonElement document)
    {
        JsonElement network = document.GetProperty("network");
        if (!network.TryGetProperty("community_id", out JsonElement id))
            return null;
        string key = id.GetString()!;
        if (!network.TryGetProperty("vlan", out JsonElement vlan))
            return key;
        IEnumerable<string> ids = vlan.GetProperty("id")
            .EnumerateArray()
            .Select(static id => id.GetInt32().ToString(CultureInfo.InvariantCulture));
        return $"{key};vlan={string.Join('.', ids)}";
    }
}
