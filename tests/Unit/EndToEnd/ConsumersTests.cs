using System.Globalization;
using System.Text;
using System.Text.Json;
using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>A real broker between FlowPipe and clients that are not ours, with fields that must not leave.</summary>
public sealed class ConsumersTests
{
    private const string Python = "/usr/bin/python3"; // Debian's, which has Debian's packages

    [Fact]
    public async Task DocumentedClientsReadBothEncodingsAndNothingThatIsHidden()
    {
        await using RealKafka kafka = await RealKafka.StartAsync();
        using var folder = new TemporaryFolder();
        string lines = Path.Combine(folder.Path, "sessions.json");
        string key = folder.Write("hash.key", "0123456789abcdef0123456789abcdef"u8);
        (
            await Executable.RunAsync([
                "replay",
                "-r",
                Executable.Sample("dns.pcap"),
                "--set",
                "fields.hash=ip.src ip.dst communityId ip.dns",
                "--set",
                "fields.exclude=mac.* host.dns dns.query.host dns.answer file_uris payload8.*",
                "--set",
                $"fields.hashKeyFile={key}",
                "--to",
                $"kafka://{kafka.Address}/hidden.json",
                "--to",
                $"kafka://{kafka.Address}/hidden.avro?format=avro",
                "--to",
                $"ndjson:{lines}",
            ])
        ).Succeeded();
        List<JsonElement> documents = Documents.OfFile(lines);
        string[] expected = [.. documents.Select(Shown).Order(StringComparer.Ordinal)];
        folder.Write("session.avsc", Encoding.UTF8.GetBytes((await Executable.RunAsync("schema")).Succeeded().Out));

        foreach (string topic in (string[])["hidden.json", "hidden.avro"])
        {
            // key, headers, value, as they are on the wire
            using var kcat = new ProgramRun("kcat", ["-b", kafka.Address, "-t", topic, "-C", "-e", "-q", "-f", "%k\\t%h\\t%s\\n"]);
            string wire = Encoding.Latin1.GetString((await kcat.EndAsync()).Succeeded().OutBytes);
            Assert.Contains("fd04:", wire, StringComparison.Ordinal);
            string[] keys = [.. wire.Split('\n').Select(static line => line.Split('\t')[0])];
            foreach (JsonElement document in documents)
                Assert.Contains(document.GetProperty("network").GetProperty("community_id").GetString(), keys);
            foreach (string hidden in (string[])["10.77.0.", "fd00:77::", "02:00:00:77", "sample.test", "dns.pcap"])
                Assert.DoesNotContain(hidden, wire, StringComparison.Ordinal);
        }

        // the program of docs/consumers.md, as it stands there but for broker, topics and its patience
        using var python = new ProgramRun(Python, ["-c", await ScriptAsync(kafka.Address, folder.Path)]);
        ProgramResult read = await python.EndAsync();
        Assert.SkipWhen(read.Error.Contains("ModuleNotFoundError", StringComparison.Ordinal), "python3-confluent-kafka is not here");
        Assert.Equal(expected.Concat(expected).Order(StringComparer.Ordinal), read.Succeeded().Lines.Order(StringComparer.Ordinal));
    }

    private static string Shown(JsonElement document) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{document.GetProperty("network").GetProperty("community_id").GetString()} {document.GetProperty("network").GetProperty("bytes").GetInt64()}"
        );

    private static async Task<string> ScriptAsync(string brokers, string folder)
    {
        string document = await File.ReadAllTextAsync(Repository.Path("docs", "consumers.md"), TestContext.Current.CancellationToken);
        const string Begin = "## Python";
        string script = document[document.IndexOf(Begin, StringComparison.Ordinal)..].Split("```python\n")[1].Split("```")[0];
        foreach (
            (string there, string here) in ((string, string)[])
                [
                    ("localhost:9092", brokers),
                    ("\"flowpipe.spi.v1\"", "\"hidden.json\", \"hidden.avro\""),
                    ("session.avsc", Path.Combine(folder, "session.avsc")),
                    ("poll(30)", "poll(10)"),
                ]
        )
        {
            Assert.Contains(there, script, StringComparison.Ordinal);
            script = script.Replace(there, here, StringComparison.Ordinal);
        }
        return script;
    }
}
