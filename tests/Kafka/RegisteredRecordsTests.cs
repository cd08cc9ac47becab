using System.Text.Json;
using FlowPipe.Tests.Unit.EndToEnd;
using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Kafka;

/// <summary>Records of every encoding, with a registry and without, in transactions and out of them: verified, compared, and each there once.</summary>
public sealed class RegisteredRecordsTests(SharedCluster cluster)
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("avro", 2)]
    [InlineData("json", 1)]
    public async Task AKilledAndRepeatedReplayHasOneManifestOfAll(string format, int kills)
    {
        RealKafka kafka = await cluster.KafkaAsync();
        RealRegistry registry = await cluster.RegistryAsync();
        using var folder = new TemporaryFolder();
        string topic = $"killed.{format}";
        string sink = await SharedCluster.CreateAsync(kafka, topic);
        await SharedCluster.RegisterAsync(registry, topic);
        string manifest = Path.Combine(folder.Path, "run.json");
        string[] replay =
        [
            "replay",
            "-R",
            Repository.Path("samples"),
            "--sorted",
            "--exactly-once",
            "--partitions",
            "2",
            "--set",
            "exactlyOnce.packets=100",
            "--to",
            $"{sink}?registry={registry.Url}&format={format}",
            "--manifest",
            manifest,
            "--metrics",
            $"{SilentPort()}",
        ];
        for (int i = 0; i < kills; i++)
        {
            using var run = new ProgramRun(replay);
            await run.SaysAsync("packets"); // its first line of progress
            await run.KillAsync();
        }
        (await Executable.RunAsync(replay)).Succeeded().WithoutBug();

        // Whatever the earlier ones had got done, the last one's manifest is of all records, and they are there once.
        JsonElement made = JsonElement.Parse(await File.ReadAllTextAsync(manifest, Stop));
        JsonElement commits = made.GetProperty("commits");
        long records = made.GetProperty("records").GetInt64();
        Assert.Equal(records, commits.GetProperty("before").GetInt64() + commits.GetProperty("here").GetInt64());
        Assert.Equal(0, commits.GetProperty("left").GetInt64());
        string[] verify = ["verify", "--manifest", manifest, "--from", $"{sink}?registry={registry.Url}"];
        ProgramResult proven = (await Executable.RunAsync(verify)).Succeeded().WithoutBug();
        Assert.Contains("complete, unaltered and free of duplicates", proven.Error, StringComparison.Ordinal);

        // Once more: nothing is sent, and the manifest says the same of the records.
        (await Executable.RunAsync(replay)).Succeeded();
        JsonElement again = JsonElement.Parse(await File.ReadAllTextAsync(manifest, Stop));
        Assert.Equal(records, again.GetProperty("commits").GetProperty("before").GetInt64());
        Assert.Equal(made.GetProperty("digests").GetRawText(), again.GetProperty("digests").GetRawText());
        (await Executable.RunAsync(verify)).Succeeded();

        // The runs told of themselves: those two that came to their end, under their ids.
        using var kcat = new ProgramRun("kcat", ["-b", kafka.Address, "-t", "flowpipe.runs.v1", "-C", "-e", "-q", "-f", "%k\t%S\n"]);
        string[] keys = [.. (await kcat.EndAsync()).Succeeded().Lines.Select(static line => line.Split('\t')[0])];
        Assert.Contains(made.GetProperty("run").GetString(), keys);
        Assert.Contains(again.GetProperty("run").GetString(), keys);
    }

    [Fact]
    public async Task EveryEncodingHoldsTheSameRecords()
    {
        RealKafka kafka = await cluster.KafkaAsync();
        RealRegistry registry = await cluster.RegistryAsync();
        using var folder = new TemporaryFolder();
        string[] input = ["replay", "-r", Executable.Sample("dns.pcap"), Executable.Sample("vlan.pcap")];
        string file = Path.Combine(folder.Path, "all.avro");
        string manifest = Path.Combine(folder.Path, "run.json");
        string numbered = await SharedCluster.CreateAsync(kafka, "same.numbered");
        string single = await SharedCluster.CreateAsync(kafka, "same.single");
        string json = await SharedCluster.CreateAsync(kafka, "same.json");
        await SharedCluster.RegisterAsync(registry, "same.numbered");
        (
            await Executable.RunAsync([
                .. input,
                "--to",
                $"avro:{file}",
                "--to",
                $"{numbered}?registry={registry.Url}",
                "--to",
                $"{single}?format=avro",
                "--to",
                $"{json}?format=json",
                "--manifest",
                manifest,
            ])
        ).Succeeded();

        string asked = $"{numbered}?registry={registry.Url}";
        foreach (string from in (string[])[file, asked, numbered, single, json])
            Assert.Contains(
                "complete, unaltered",
                (await Executable.RunAsync("verify", "--manifest", manifest, "--from", from)).Succeeded().Error,
                StringComparison.Ordinal
            );
        foreach ((string a, string b) in ((string, string)[])[(file, asked), (asked, single)])
            (await Executable.RunAsync("diff", a, b)).Succeeded().WithoutBug();
        Assert.Contains(
            ": equal",
            (await Executable.RunAsync("diff", numbered, file, "--registry", registry.Url)).Succeeded().Error,
            StringComparison.Ordinal
        );

        // A record under the number of somebody else's schema, and under none: the registry tells, the bytes alone would not.
        JsonElement other = await registry.AskAsync(
            HttpMethod.Post,
            "subjects/same.other/versions",
            """{"schema":"{\"type\":\"record\",\"name\":\"Order\",\"fields\":[{\"name\":\"customer\",\"type\":\"string\"}]}"}"""
        );
        foreach (byte id in (byte[])[other.GetProperty("id").GetByte(), 250])
        {
            string value = folder.Write("value", [0, 0, 0, 0, id, 6, (byte)'a', (byte)'n', (byte)'n']);
            using var produce = new ProgramRun("kcat", ["-P", "-b", kafka.Address, "-t", "same.numbered", value]);
            (await produce.EndAsync()).Succeeded();
        }
        ProgramResult found = await Executable.RunAsync("verify", "--manifest", manifest, "--from", asked, "--whole");
        Assert.Contains("2 unreadable", found.Ended(1).WithoutBug().Error, StringComparison.Ordinal);
        Assert.Contains("number 250, is not in the registry", found.Out, StringComparison.Ordinal);
        Assert.Contains("is not of session records", found.Out, StringComparison.Ordinal);
        (await Executable.RunAsync("verify", "--manifest", manifest, "--from", asked)).Succeeded();

        // Without its registry nothing is proven.
        (
            await Executable.RunAsync(
                "verify",
                "--manifest",
                manifest,
                "--from",
                $"{numbered}?registry=http://127.0.0.1:{SilentPort()}",
                "--set",
                "kafka.schema.registry.max.retries=0"
            )
        )
            .Said(2, "schema registry")
            .WithoutBug();
    }

    private static int SilentPort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
