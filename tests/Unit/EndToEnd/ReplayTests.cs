using System.Text.Json;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

public sealed class ReplayTests : IDisposable
{
    private static readonly int DnsSessions = Samples.Sessions("dns.pcap");
    private static readonly int DnsPackets = Samples.Packets("dns.pcap");
    private static readonly int SctpPackets = Samples.Packets("sctp.pcap");

    private static readonly string Dns = Executable.Sample("dns.pcap");
    private static readonly string Sctp = Executable.Sample("sctp.pcap");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WithoutASinkTheSessionsAreATableAndTheLedgerIsOnStderr()
    {
        ProgramResult run = (await Executable.RunAsync("replay", "-r", Dns)).Succeeded();
        Assert.Equal(DnsSessions + 1, run.Lines.Length);
        Assert.Matches("^Start .*Source +Destination +Packets +Bytes +End$", run.Lines[0]);
        Assert.Equal(Samples.Sessions("dns.pcap", "UDP"), run.Lines.Count(static line => line.Contains(" udp ", StringComparison.Ordinal)));
        Assert.Equal(DnsPackets, run.Ledger("packets read"));
        Assert.Equal(DnsPackets, run.Ledger("packets in records"));
        Assert.Equal(DnsSessions, run.Ledger("records made"));
        Assert.Equal(DnsSessions, run.Ledger("records delivered to table:"));
        Assert.Contains("ledger: balanced", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JsonLinesOnStdoutAreNothingButDocuments()
    {
        ProgramResult run = (await Executable.RunAsync("replay", "-r", Dns, "--to", "ndjson:-")).Succeeded();
        List<JsonElement> documents = Documents.Parse(run.Out);
        Assert.Equal(DnsSessions, documents.Count);
        Assert.Equal(DnsPackets, documents.Sum(static document => document.GetProperty("network").GetProperty("packets").GetInt32()));
        Assert.Equal(DnsSessions, Documents.Ids(documents).Distinct(StringComparer.Ordinal).Count());
        Assert.Contains("ledger: balanced", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EverySinkGetsEveryRecord()
    {
        string lines = Path.Combine(_folder.Path, "sessions.json");
        string avro = Path.Combine(_folder.Path, "sessions.avro");
        ProgramResult run = (
            await Executable.RunAsync([
                "replay",
                "-r",
                Dns,
                "--to",
                "table:",
                "--to",
                $"ndjson:{lines}",
                "--to",
                $"avro:{avro}",
                "--to",
                "null:",
                "--to",
                "kafka://embedded/t",
            ])
        ).Succeeded();
        foreach (string sink in (string[])["table:", $"ndjson:{lines}", $"avro:{avro}", "null:", "kafka://embedded/t"])
            Assert.Equal(DnsSessions, run.Ledger($"records delivered to {sink}"));
        Assert.Equal(DnsSessions + 1, run.Lines.Length);

        // What the container holds, shown as documents, is what the other sink wrote as documents.
        ProgramResult consumed = (await Executable.RunAsync("consume", "--from", avro, "--format", "sessions3")).Succeeded();
        Assert.Equal(
            Documents.Sorted(await File.ReadAllTextAsync(lines, TestContext.Current.CancellationToken)),
            Documents.Sorted(consumed.Out)
        );
        ProgramResult table = (await Executable.RunAsync("consume", "--from", lines)).Succeeded();
        Assert.Equal(run.Lines.Order(StringComparer.Ordinal), table.Lines.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("-r DNS -r SCTP")]
    [InlineData("-r DNS SCTP")]
    public async Task SeveralFilesAreOneRun(string inputs)
    {
        string[] args = inputs.Replace("DNS", Dns, StringComparison.Ordinal).Replace("SCTP", Sctp, StringComparison.Ordinal).Split(' ');
        ProgramResult run = (await Executable.RunAsync(["replay", .. args, "--to", "null:"])).Succeeded();
        Assert.Equal(DnsPackets + SctpPackets, run.Ledger("packets read"));
        Assert.Equal(DnsSessions + 1, run.Ledger("records made"));
        Assert.Equal("", run.Out);
    }

    [Fact]
    public async Task StdinGivesTheSameRecordsAsTheFile()
    {
        using var piped = new ProgramRun(Executable.Path, ["replay", "-r", "-", "--to", "ndjson:-"], withInput: true);
        await piped.Input.WriteAsync(
            await File.ReadAllBytesAsync(Dns, TestContext.Current.CancellationToken),
            TestContext.Current.CancellationToken
        );
        piped.Input.Close();
        ProgramResult fromPipe = (await piped.EndAsync()).Succeeded();
        Assert.Equal(await DocumentsOfDns(), Documents.Sorted(fromPipe.Out));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("lz4")]
    [InlineData("xz")]
    public async Task CompressedFilesGiveTheSameRecords(string compression)
    {
        byte[] plain = await File.ReadAllBytesAsync(Dns, TestContext.Current.CancellationToken);
        // By content, whatever the name says
        string file = _folder.Write("capture.bin", Compressions.Compress(compression, plain));
        ProgramResult run = (await Executable.RunAsync("replay", "-r", file, "--to", "ndjson:-")).Succeeded();
        Assert.Equal(await DocumentsOfDns(), Documents.Sorted(run.Out));
    }

    [Fact]
    public async Task TheCompressedSampleIsRead()
    {
        ProgramResult run = (await Executable.RunAsync("replay", "-r", Executable.Sample("ftp.pcap.gz"), "--to", "null:")).Succeeded();
        Assert.Equal(Samples.Packets("ftp.pcap.gz"), run.Ledger("packets read"));
        Assert.Equal(Samples.Sessions("ftp.pcap.gz"), run.Ledger("records made"));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("7")]
    public async Task PartitionsDoNotChangeTheRecords(string partitions)
    {
        ProgramResult run = (await Executable.RunAsync("replay", "-r", Dns, "--to", "ndjson:-", "--partitions", partitions)).Succeeded();
        Assert.Equal(await DocumentsOfDns(), Documents.Sorted(run.Out));
    }

    [Fact]
    public async Task FoldersAreReadAndSearchedWhenAsked()
    {
        _folder.Write("b/dns.pcap", await File.ReadAllBytesAsync(Dns, TestContext.Current.CancellationToken));
        _folder.Write("a.pcap", await File.ReadAllBytesAsync(Sctp, TestContext.Current.CancellationToken));
        ProgramResult flat = (await Executable.RunAsync("replay", "-R", _folder.Path, "--to", "null:")).Succeeded();
        Assert.Equal(SctpPackets, flat.Ledger("packets read"));
        ProgramResult deep = (
            await Executable.RunAsync("replay", "-R", _folder.Path, "--recursive", "--sorted", "--to", "null:")
        ).Succeeded();
        Assert.Equal(DnsPackets + SctpPackets, deep.Ledger("packets read"));
        Assert.Equal(DnsSessions + 1, deep.Ledger("records made"));
    }

    [Fact]
    public async Task AFilterTakesWhatItSays()
    {
        ProgramResult run = (await Executable.RunAsync("replay", "-r", Dns, "--bpf", "tcp port 53", "--to", "ndjson:-")).Succeeded();
        List<JsonElement> documents = Documents.Parse(run.Out);
        Assert.Equal(Samples.Sessions("dns.pcap", "TCP"), documents.Count);
        Assert.All(documents, static document => Assert.Equal(6, document.GetProperty("ipProtocol").GetInt32()));
    }

    [Fact]
    public async Task NodeAndTagsMarkEveryRecord()
    {
        ProgramResult run = (
            await Executable.RunAsync("replay", "-r", Dns, "--node", "probe-7", "--tag", "first", "--tag", "second", "--to", "ndjson:-")
        ).Succeeded();
        List<JsonElement> documents = Documents.Parse(run.Out);
        Assert.Equal(DnsSessions, documents.Count);
        Assert.All(
            documents,
            static document =>
            {
                Assert.Equal("probe-7", document.GetProperty("node").GetString());
                Assert.Equal(
                    ["first", "second"],
                    document.GetProperty("tags").EnumerateArray().Select(static tag => tag.GetString()!).Order(StringComparer.Ordinal)
                );
            }
        );
    }

    [Fact]
    public async Task TheEnvironmentIsAboveTheFileAndFlagsAboveBoth()
    {
        string config = Path.Combine(_folder.Path, "flowpipe.yaml");
        await File.WriteAllTextAsync(
            config,
            """
            node: of-file
            tags: [of-file]
            to: ["ndjson:-"]
            records:
              enablePacketLen: false
            """,
            TestContext.Current.CancellationToken
        );
        var environment = new Dictionary<string, string?> { ["FLOWPIPE__NODE"] = "of-environment", ["FLOWPIPE__TAGS"] = "of-environment" };
        using var run = new ProgramRun(
            Executable.Path,
            ["replay", "-r", Sctp, "-c", config, "--node", "of-flag", "--set", $"sessions.maxPackets={SctpPackets - 1}"],
            environment
        );
        List<JsonElement> documents = Documents.Parse((await run.EndAsync()).Succeeded().Out);
        Assert.Equal(2, documents.Count);
        foreach (JsonElement document in documents)
        {
            Assert.Equal("of-flag", document.GetProperty("node").GetString());
            Assert.Equal("of-environment", Assert.Single(document.GetProperty("tags").EnumerateArray()).GetString());
            Assert.True(document.TryGetProperty("packetPos", out _));
            Assert.False(document.TryGetProperty("packetLen", out _));
        }
    }

    [Fact]
    public async Task ASettingChangesWhatItIsFor()
    {
        int most = (SctpPackets - 1) / 2;
        ProgramResult run = (
            await Executable.RunAsync("replay", "-r", Sctp, "--set", $"sessions.maxPackets={most}", "--to", "ndjson:-")
        ).Succeeded();
        List<JsonElement> documents = Documents.Parse(run.Out);
        Assert.Equal(
            [most, most, SctpPackets - (2 * most)],
            documents.Select(static document => document.GetProperty("network").GetProperty("packets").GetInt32()).OrderDescending()
        );
        Assert.Equal(
            ["maxpackets", "maxpackets", "shutdown"],
            documents
                .Select(static document => document.GetProperty("flowpipe").GetProperty("endReason").GetString()!)
                .Order(StringComparer.Ordinal)
        );
        Assert.Single(documents.Select(static document => document.GetProperty("rootId").GetString()).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AFaultOnDemandIsSaidAndCosts()
    {
        string[] args = ["replay", "-r", Dns, "--to", "ndjson:-", "--partitions", "1", "--quiet"];
        ProgramResult run = (await Executable.RunAsync([.. args, "--simulate", "memcap@30", "--simulate", "maxstreams@60"])).Said(
            0,
            "flow.memcap was reached",
            "2 sessions were evicted"
        );
        Assert.Equal(
            2,
            Documents.Parse(run.Out).Count(document => document.GetProperty("flowpipe").GetProperty("endReason").GetString() == "forced")
        );
        (await Executable.RunAsync([.. args, "--simulate", "rain@3"])).Said(2, "--simulate rain@3", "memcap@N");
        (await Executable.RunAsync([.. args, "--simulate", "prealloc", "--set", "flow.prealloc=10"])).Said(1, "flow.prealloc");
        Assert.DoesNotContain("simulate", (await Executable.RunAsync("replay", "--help")).Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutPositionsThereAreNone()
    {
        ProgramResult with = (await Executable.RunAsync("replay", "-r", Dns, "--to", "ndjson:-")).Succeeded();
        Assert.All(Documents.Parse(with.Out), static document => Assert.True(document.TryGetProperty("packetPos", out _)));
        ProgramResult without = (await Executable.RunAsync("replay", "-r", Dns, "--positions", "none", "--to", "ndjson:-")).Succeeded();
        Assert.All(Documents.Parse(without.Out), static document => Assert.False(document.TryGetProperty("packetPos", out _)));
        Assert.Equal(Documents.Ids(Documents.Parse(with.Out)), Documents.Ids(Documents.Parse(without.Out)));
    }

    [Fact]
    public async Task StatsAreJsonAndBalance()
    {
        string file = Path.Combine(_folder.Path, "stats.json");
        ProgramResult run = (
            await Executable.RunAsync("replay", "-r", Executable.Sample("icmp.pcap"), "--to", "null:", "--stats", file)
        ).Succeeded();
        JsonElement stats = JsonElement.Parse(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal("done", stats.GetProperty("state").GetString());
        Assert.Equal(Samples.Packets("icmp.pcap"), stats.GetProperty("reader").GetProperty("packets").GetInt64());
        Assert.Equal(run.Ledger("records made"), stats.GetProperty("records").GetInt64());
        JsonElement sink = Assert.Single(stats.GetProperty("sinks").EnumerateArray());
        Assert.Equal(stats.GetProperty("records").GetInt64(), sink.GetProperty("delivered").GetInt64());

        JsonElement ledger = stats.GetProperty("ledger");
        Assert.True(ledger.GetProperty("balanced").GetBoolean());
        long read = 0;
        long accounted = 0;
        foreach (JsonElement line in ledger.GetProperty("lines").EnumerateArray())
        {
            string name = line.GetProperty("name").GetString()!;
            long count = line.GetProperty("count").GetInt64();
            if (name == "packets read")
                read = count;
            else if (name.StartsWith("packets ", StringComparison.Ordinal))
                accounted += count;
        }
        Assert.Equal(Samples.Packets("icmp.pcap"), read);
        Assert.Equal(read, accounted);
    }

    [Fact]
    public async Task StatsGoToStdoutWhenAsked()
    {
        ProgramResult run = (await Executable.RunAsync("replay", "-r", Dns, "--to", "null:", "--stats", "-", "--quiet")).Succeeded();
        Assert.Equal(DnsSessions, JsonElement.Parse(run.Out).GetProperty("records").GetInt32());
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task QuietIsQuietAndDataGoesWhereItWasSent()
    {
        string file = Path.Combine(_folder.Path, "sessions.avro");
        ProgramResult run = (await Executable.RunAsync("replay", "-r", Dns, "--to", $"avro:{file}", "--quiet")).Succeeded();
        Assert.Equal("", run.Error);
        Assert.Equal("", run.Out);
        Assert.True(new FileInfo(file).Length > 0);
    }

    [Fact]
    public async Task TheSameFileGivenTwiceIsReadOnce()
    {
        ProgramResult run = (await Executable.RunAsync("replay", "-r", Dns, "-r", Dns, "--to", "null:")).Said(0, Dns);
        Assert.Equal(DnsPackets, run.Ledger("packets read"));
    }

    private static async Task<string[]> DocumentsOfDns() =>
        Documents.Sorted((await Executable.RunAsync("replay", "-r", Dns, "--to", "ndjson:-")).Succeeded().Out);
}
