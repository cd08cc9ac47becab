using System.Security.Cryptography;
using System.Text.Json;

namespace FlowPipe.Tests.Unit.EndToEnd.Live;

public sealed class CaptureTests
{
    private static readonly string[] Samples =
    [
        "http.pcap",
        "dns.pcap",
        "tls.pcap",
        "smtp.pcap",
        "icmp.pcap",
        "sctp.pcap",
        "vlan.pcap",
        "qinq.pcap",
        "fragments.pcap",
    ];

    [Theory]
    [InlineData("libpcap", 1)]
    [InlineData("tpacketv3", 1)]
    [InlineData("tpacketv3", 2)]
    public async Task RecordsAreThoseOfTheFileThatTcpdumpWrote(string method, int threads)
    {
        using var network = new NetworkNamespace();
        string file = network.File("seen.pcap");
        string stats = network.File("stats.json");
        using ProgramRun dump = await network.TcpdumpAsync(file);
        using ProgramRun live = await network.CaptureAsync(["-i", "v1", "--to", "ndjson:-", "--stats", stats, .. Reader(method, threads)]);
        string[] samples = [.. Samples.Select(Executable.Sample)];
        network.Replay(["--pps=2000", .. samples]);
        await Task.Delay(200, TestContext.Current.CancellationToken);
        live.Terminate();
        ProgramResult captured = (await live.EndAsync()).Succeeded().WithoutBug();
        dump.Terminate();
        await dump.EndAsync();

        long read = LiveDocuments.AssertBalanced(LiveDocuments.Figures(stats));
        Assert.Equal(0, captured.Ledger("packets dropped by the kernel, not read"));
        ProgramResult replayed = (await Executable.RunAsync("replay", "-r", file, "--to", "ndjson:-")).Succeeded();
        Assert.Equal(replayed.Ledger("packets read"), read);
        Assert.Equal(LiveDocuments.Comparable(replayed.Out), LiveDocuments.Comparable(captured.Out));
        // the kernel takes VLAN tags off; they are in the records all the same
        Assert.Contains(Documents.Parse(captured.Out), static document => document.GetProperty("network").TryGetProperty("vlan", out _));
        Assert.All(
            Documents.Parse(captured.Out),
            static document => Assert.Equal(Environment.MachineName, document.GetProperty("node").GetString())
        );
    }

    [Fact]
    public async Task WithoutBrokersTheRecordsAreInTheSpool()
    {
        using var network = new NetworkNamespace();
        string spool = network.File("spool");
        string stats = network.File("stats.json");
        using ProgramRun live = await network.CaptureAsync(
            "-i",
            "v1",
            "--to",
            $"kafka://127.0.0.1:{SilentServer.ClosedPort()}/flowpipe.spi.v1?timeout=1",
            "--spool",
            spool,
            "--drain-deadline",
            "1",
            "--stats",
            stats
        );
        network.Replay("--pps=2000", Executable.Sample("dns.pcap"));
        await Task.Delay(200, TestContext.Current.CancellationToken);
        live.Terminate();
        ProgramResult captured = (await live.EndAsync()).Said(1, "left in the spool").WithoutBug();
        Assert.Equal(EndToEnd.Samples.Packets("dns.pcap"), LiveDocuments.AssertBalanced(LiveDocuments.Figures(stats)));
        long made = captured.Ledger("records made");
        Assert.Equal(EndToEnd.Samples.Sessions("dns.pcap"), made);
        ProgramResult list = (await Executable.RunAsync("spool", "ls", "--spool", spool)).Succeeded();
        string line = Assert.Single(list.Lines, static text => text.Contains("flowpipe.spi.v1", StringComparison.Ordinal));
        Assert.Matches($@"\b{made}\b", line);
    }

    [Theory]
    [InlineData("libpcap", true)]
    [InlineData("tpacketv3", true)]
    [InlineData("tpacketv3", false)]
    public async Task StreamsAreWholeWithAndWithoutOffloads(string method, bool offloads)
    {
        using var network = new NetworkNamespace();
        Assert.SkipUnless(File.Exists("/usr/sbin/ethtool") && File.Exists("/usr/bin/curl"), "ethtool and curl are missing");
        // the server is in a network of its own, at the other end of the cable
        using var server = new NetworkNamespace();
        string content = network.File("content");
        byte[] bytes = RandomNumberGenerator.GetBytes(5_000_000);
        await File.WriteAllBytesAsync(content, bytes, TestContext.Current.CancellationToken);
        server.Run("ip", "link", "del", "v1");
        network.Run("ip", "link", "set", "v0", "netns", server.Name);
        network.Run("ip", "addr", "add", "10.77.0.1/24", "dev", "v1");
        server.Run("ip", "link", "set", "v0", "name", "w0");
        server.Run("ip", "addr", "add", "10.77.0.2/24", "dev", "w0");
        server.Run("ip", "link", "set", "w0", "up");
        string wanted = offloads ? "on" : "off";
        network.Run("ethtool", "-K", "v1", "tso", wanted, "gso", wanted, "gro", wanted, "tx", wanted);
        server.Run("ethtool", "-K", "w0", "tso", wanted, "gso", wanted, "gro", wanted, "tx", wanted);
        using ProgramRun http = server.Start([
            .. NetworkNamespace.OneProcessor,
            "/usr/bin/python3",
            "-u",
            "-m",
            "http.server",
            "--bind",
            "10.77.0.2",
            "--directory",
            network.Folder,
            "8080",
        ]);
        string stats = network.File("stats.json");
        using ProgramRun live = await network.CaptureAsync([
            "-i",
            "v1=tcp port 8080",
            "--set",
            "parsers.supportSha256=true",
            "--to",
            "ndjson:-",
            "--stats",
            stats,
            .. Reader(method, 2),
        ]);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        network.Run([
            .. NetworkNamespace.OneProcessor,
            "curl",
            "-sf",
            "--retry",
            "20",
            "--retry-connrefused",
            "--retry-delay",
            "1",
            "-o",
            network.File("got"),
            "http://10.77.0.2:8080/content",
        ]);
        await Task.Delay(200, TestContext.Current.CancellationToken);
        live.Terminate();
        ProgramResult captured = (await live.EndAsync()).Succeeded().WithoutBug();
        http.Terminate();
        await http.EndAsync();

        LiveDocuments.AssertBalanced(LiveDocuments.Figures(stats));
        JsonElement document = Documents
            .Parse(captured.Out)
            .Single(static document => document.TryGetProperty("http", out JsonElement seen) && seen.TryGetProperty("sha256", out _));
        // what parsers saw is what was sent: no byte is missing, cut or double
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), document.GetProperty("http").GetProperty("sha256")[0].GetString());
        Assert.True(document.GetProperty("flowpipe").GetProperty("complete").GetBoolean());
        Assert.False(document.TryGetProperty("tags", out JsonElement tags) && tags.GetArrayLength() > 0, tags.ToString());
        long mean =
            document.GetProperty("server").GetProperty("bytes").GetInt64()
            / document.GetProperty("destination").GetProperty("packets").GetInt64();
        Assert.Equal(offloads, mean > 1_514);
    }

    [Theory]
    [InlineData("libpcap")]
    [InlineData("tpacketv3")]
    public async Task LoopbackShowsEachPacketOnce(string method)
    {
        using var network = new NetworkNamespace();
        using ProgramRun live = await network.CaptureAsync(["-i", "lo", "--to", "ndjson:-", .. Reader(method, 1)]);
        network.Run("ping", "-q", "-c", "3", "-i", "0.01", "127.0.0.1");
        await Task.Delay(200, TestContext.Current.CancellationToken);
        live.Terminate();
        ProgramResult captured = (await live.EndAsync()).Succeeded().WithoutBug();
        JsonElement document = Assert.Single(Documents.Parse(captured.Out));
        Assert.Equal(6, document.GetProperty("network").GetProperty("packets").GetInt32());
    }

    [Theory]
    [InlineData("libpcap")]
    [InlineData("tpacketv3")]
    public async Task AnInterfaceThatGoesAwayIsTakenUpAgain(string method)
    {
        using var network = new NetworkNamespace();
        string stats = network.File("stats.json");
        using ProgramRun live = await network.CaptureAsync(["-i", "v1", "--to", "ndjson:-", "--stats", stats, .. Reader(method, 2)]);
        network.Replay("--pps=2000", Executable.Sample("dns.pcap"));
        network.Run("ip", "link", "set", "v1", "down");
        await live.SaysAsync("v1 is down: waiting for it");
        network.Run("ip", "link", "set", "v1", "up");
        await live.SaysAsync("v1 is up again");
        network.Replay("--pps=2000", Executable.Sample("http.pcap"));
        // and another of the same name
        network.Run("ip", "link", "del", "v0");
        await Until(() => Count(live.Error, "v1 is down: waiting for it") == 2);
        network.AddCable();
        await Until(() => Count(live.Error, "v1 is up again") == 2);
        network.Replay("--pps=2000", Executable.Sample("icmp.pcap"));
        await Task.Delay(200, TestContext.Current.CancellationToken);
        live.Terminate();
        ProgramResult captured = (await live.EndAsync()).Succeeded().WithoutBug();
        int sent = EndToEnd.Samples.Packets("dns.pcap") + EndToEnd.Samples.Packets("http.pcap") + EndToEnd.Samples.Packets("icmp.pcap");
        Assert.Equal(sent, captured.Ledger("packets read"));
        Assert.Equal(sent, captured.Ledger("packets in records"));
        // each was said once
        Assert.Equal(2, Count(captured.Error, "v1 is down"));
        Assert.Equal(2, Count(captured.Error, "v1 is up again"));
    }

    [Theory]
    [InlineData("libpcap")]
    [InlineData("tpacketv3")]
    public async Task FiltersRunInTheKernel(string method)
    {
        using var network = new NetworkNamespace();
        string stats = network.File("stats.json");
        using ProgramRun live = await network.CaptureAsync([
            "-i",
            "v1=vlan and tcp",
            "-i",
            "v0",
            "--bpf",
            "udp port 53",
            "--to",
            "ndjson:-",
            "--stats",
            stats,
            .. Reader(method, 1),
        ]);
        network.Replay("--pps=2000", Executable.Sample("vlan.pcap"), Executable.Sample("dns.pcap"));
        await Task.Delay(200, TestContext.Current.CancellationToken);
        live.Terminate();
        ProgramResult captured = (await live.EndAsync()).Succeeded().WithoutBug();
        // what the filter refused was not counted by the kernel for us
        LiveDocuments.AssertBalanced(LiveDocuments.Figures(stats));
        List<JsonElement> documents = Documents.Parse(captured.Out);
        Assert.Contains(documents, static document => document.GetProperty("network").TryGetProperty("vlan", out _));
        Assert.Contains(documents, static document => document.GetProperty("destination").GetProperty("port").GetInt32() == 53);
        Assert.All(
            documents,
            static document =>
                Assert.True(
                    document.GetProperty("network").TryGetProperty("vlan", out _)
                        || document.GetProperty("destination").GetProperty("port").GetInt32() == 53
                )
        );
    }

    [Fact]
    public async Task TwoCapturesOfTheSamePacketsHaveOtherIds()
    {
        using var network = new NetworkNamespace();
        var ids = new List<string>();
        for (int i = 0; i < 2; i++)
        {
            using ProgramRun live = await network.CaptureAsync("-i", "v1", "--to", "ndjson:-");
            network.Replay("--pps=2000", Executable.Sample("dns.pcap"));
            await Task.Delay(200, TestContext.Current.CancellationToken);
            live.Terminate();
            ids.AddRange(Documents.Ids(Documents.Parse((await live.EndAsync()).Succeeded().Out)));
        }
        Assert.Equal(2 * EndToEnd.Samples.Sessions("dns.pcap"), ids.Count);
        Assert.Equal(ids.Count, ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData("libpcap")]
    [InlineData("tpacketv3")]
    public async Task OverloadShedsCountsAndRecovers(string method)
    {
        using var network = new NetworkNamespace();
        string stats = network.File("stats.json");
        string open = network.File("open");
        // A reader of the records that takes a hundred a second before it is told to hurry: the pipe fills, then all queues behind it.
        using ProgramRun live = network.Start(
            "bash",
            "-c",
            $"'{Executable.Path}' capture -i v1 --set capture.allowRoot=true --set capture.stateDir='{network.File("state")}' --stats '{stats}' "
                + "--set capture.tpacketv3NumBlocks=8 --set capture.tpacketv3BlockSize=262144 --set capture.tpacketv3NumThreads=1 "
                + "--set capture.pcapBufferSize=2097152 --set capture.blocks=4 --set capture.batches=16 "
                + $"--set capture.pcapReadMethod={method} --set sessions.udpTimeout=1 --set sessions.tcpClosingTimeout=1 --set sessions.tcpTimeout=1 "
                + $"--set sessions.icmpTimeout=1 --to ndjson:- | (while [ ! -e '{open}' ] && IFS= read -r line; do printf '%s\\n' \"$line\"; sleep 0.01; done; cat)"
        );
        await live.SaysAsync("listening to ");
        await live.SaysAsync(" s reading: ");
        // new addresses each time round: every flow is a new one
        network.Replay("--pps=40000", "--loop=3000", "--unique-ip", Executable.Sample("dns.pcap"));
        await File.WriteAllTextAsync(open, "", TestContext.Current.CancellationToken);
        // once it has caught up nothing is shed any more
        await Until(() => !live.Error.TrimEnd().Split('\n')[^1].Contains("queued", StringComparison.Ordinal));
        // How soon that is depends on the machine: the first time tells the steps to end, the second time counts.
        network.Replay("--pps=2000", Executable.Sample("http.pcap"));
        await Task.Delay(3_000, TestContext.Current.CancellationToken);
        long recovered = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        network.Replay("--pps=2000", Executable.Sample("http.pcap"));
        await Task.Delay(500, TestContext.Current.CancellationToken);
        network.Run("pkill", "-TERM", "-f", $"^{Executable.Path} capture .*{stats}");
        ProgramResult captured = (await live.EndAsync()).Succeeded().WithoutBug();

        JsonElement figures = LiveDocuments.Figures(stats);
        LiveDocuments.AssertBalanced(figures);
        // Which of the steps it comes to depends on who is slow: partitions that wait for a sink refuse nothing, and a ring whose blocks stay lent
        // has no room in the kernel. The order of the steps is OverloadControlTests' business.
        long refused = figures.GetProperty("sessions").GetProperty("refused").GetInt64();
        long flows = figures.GetProperty("verdicts").GetProperty("overloadDropped").GetInt64();
        JsonElement reader = figures.GetProperty("reader");
        long batches = reader.GetProperty("shed").GetInt64();
        long kernel = reader.GetProperty("kernelDropped").GetInt64();
        Assert.True(refused + flows + batches + kernel > 0, "nothing was lost");
        List<JsonElement> documents = Documents.Parse(captured.Out);
        Assert.Equal(
            EndToEnd.Samples.Sessions("http.pcap"),
            documents.Count(document =>
                document.TryGetProperty("http", out _) && document.GetProperty("firstPacket").GetInt64() >= recovered
            )
        );
        Assert.Contains(
            documents,
            static document =>
                document.GetProperty("flowpipe") is JsonElement ours
                && !ours.TryGetProperty("complete", out _)
                && (ours.TryGetProperty("lostShed", out _) || ours.TryGetProperty("lostKernel", out _))
        );
    }

    [Fact]
    public async Task InterfacesAreListedAndMistakesExplained()
    {
        using var network = new NetworkNamespace();
        using ProgramRun table = network.Start(Executable.Path, "interfaces");
        ProgramResult listed = (await table.EndAsync()).Succeeded();
        Assert.Equal(4, listed.Lines.Length);
        using ProgramRun json = network.Start(Executable.Path, "interfaces", "--format", "json");
        JsonElement all = JsonElement.Parse((await json.EndAsync()).Succeeded().OutBytes);
        Assert.Equal(["lo", "v0", "v1"], all.EnumerateArray().Select(static device => device.GetProperty("name").GetString()));
        Assert.All(all.EnumerateArray(), static device => Assert.True(device.GetProperty("mayBeOpened").GetBoolean()));
        Assert.Equal("127.0.0.1/8", all[0].GetProperty("addresses")[0].GetString());

        await Refused(2, ["-i", "v7"], "there is no interface 'v7'", "lo, v0, v1");
        await Refused(2, ["-i", "v1", "-i", "v1"], "v1", "twice");
        await Refused(2, ["-i", "v1", "--bpf", "nonsense"], "v1", "nonsense");
        await Refused(2, ["-i", "v1", "--set", "capture.pcapReadMethod=libpcap", "--bpf", "nonsense"], "v1", "nonsense");
        await Refused(2, [], "no interface to listen to");
        await Refused(2, ["-i", "v1", "--set", "capture.tpacketv3BlockSize=100000"], "tpacketv3BlockSize", "4096");

        async Task Refused(int status, string[] args, params string[] words)
        {
            using ProgramRun run = network.FlowPipe(["capture", "--set", "capture.allowRoot=true", "--to", "null:", .. args]);
            (await run.EndAsync()).Said(status, words).WithoutBug();
        }
    }

    private static string[] Reader(string method, int threads) =>
        ["--set", $"capture.pcapReadMethod={method}", "--set", $"capture.tpacketv3NumThreads={threads}"];

    private static int Count(string text, string words) => text.Split(words).Length - 1;

    private static async Task Until(Func<bool> isTrue)
    {
        for (int i = 0; i < 300 && !isTrue(); i++)
            await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.True(isTrue(), "it did not come to that");
    }
}
