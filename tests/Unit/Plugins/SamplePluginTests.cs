using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Stats;
using FlowPipe.Tests.Unit.TestSupport;
using Watch;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Plugins;

/// <summary>The plugin of samples/plugins: each of its hooks.</summary>
public sealed class SamplePluginTests
{
    private const int FingerPort = 79;

    [Fact]
    public async Task ATapsTagIsSteppedOver()
    {
        byte[] ip = IPv4(UdpNumber, "10.0.0.1", "10.0.0.2", Udp(1, 2, [1, 2, 3]));
        Conversation conversation = new Conversation()
            .Frame(1, Ethernet(0x88B5, [0, 7, 8, 0, .. ip]))
            .Frame(2, Ethernet(IPv4Type, ip))
            .Frame(3, Ethernet(0x88B5, [0, 7, 8]));
        (IReadOnlyList<GatheredRecord> records, PluginFigure plugin, SessionRun run) = await RunAsync(conversation);
        Assert.Equal(2, Assert.Single(records).Long("packets"));
        Assert.Equal(1, plugin.Counters["tap_tags"]);
        Assert.Equal(1, run.Verdicts[(int)PacketRc.Corrupt]);
    }

    [Fact]
    public async Task SpanningTreeMakesASession()
    {
        byte[] root = [0x80, 0x01, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55];
        byte[] configuration = [0x42, 0x42, 3, 0, 0, 0, 0, 0, .. root, 0, 0, 0, 4];
        byte[] change = [0x42, 0x42, 3, 0, 0, 0, 0x80];
        (IReadOnlyList<GatheredRecord> records, _, _) = await RunAsync(
            new Conversation()
                .Frame(1, Ethernet((ushort)configuration.Length, configuration))
                .Frame(3, Ethernet((ushort)change.Length, change))
                .Frame(5, Ethernet((ushort)configuration.Length, configuration))
        );
        GatheredRecord record = Assert.Single(records);
        Assert.Equal(
            (3L, "stp", """["8001001122334455"]"""),
            (record.Long("packets"), record.Texts("protocols"), record.Custom("stp.root"))
        );
    }

    [Fact]
    public async Task EachVirtualRouterIsASession()
    {
        Conversation conversation = new("192.0.2.1", server: "224.0.0.18");
        foreach ((double at, byte router, byte priority) in ((double, byte, byte)[])[(1, 5, 100), (2, 6, 200), (3, 5, 101), (4, 5, 100)])
            conversation.Add(at, true, 112, [0x31, router, priority, 1, 0, 100, 0, 0, 192, 0, 2, 9]);
        (IReadOnlyList<GatheredRecord> records, _, SessionRun run) = await RunAsync(conversation.Add(5, true, 112, [0x31, 7, 1]));
        Assert.Equal(
            [(3L, "[5]", "[100,101]"), (1L, "[6]", "[200]")],
            records
                .OrderBy(record => record.Custom("vrrp.router"), StringComparer.Ordinal)
                .Select(record => (record.Long("packets"), record.Custom("vrrp.router"), record.Custom("vrrp.priority")))
        );
        Assert.All(records, record => Assert.Equal(("vrrp", "192.0.2.1"), (record.Texts("protocols"), record.Ip("ip.src"))));
        Assert.Equal(1, run.Verdicts[(int)PacketRc.Corrupt]);
    }

    [Theory]
    [InlineData(FingerPort, "root\r\n", """["root"]""", 1)]
    [InlineData(FingerPort, "/W  root@example.org \r\n", """["root@example.org"]""", 1)]
    [InlineData(FingerPort, "\r\n", "", 1)]
    [InlineData(FingerPort, "no end", "", 0)]
    [InlineData(2079, "/W root\n", """["root"]""", 1)]
    [InlineData(2079, "root\r\n", null, 0)]
    public async Task FingersQueryIsRecorded(int port, string query, string? user, int queries)
    {
        (IReadOnlyList<GatheredRecord> records, PluginFigure plugin, _) = await RunAsync(Query(port, query));
        GatheredRecord record = Assert.Single(records);
        Assert.Equal(user is null ? "tcp" : "tcp finger", record.Texts("protocols"));
        Assert.Equal(user ?? "", record.Custom("finger.user"));
        Assert.Equal(queries, plugin.Counters["finger_queries"]);
    }

    [Fact]
    public async Task AQueryOverSeveralSegmentsIsOne()
    {
        Conversation conversation = new Conversation(serverPort: FingerPort)
            .Handshake()
            .Tcp(1, true, Conversation.Psh | Conversation.Ack, 1001, 5001, "ro")
            .Tcp(2, true, Conversation.Psh | Conversation.Ack, 1003, 5001, "ot\r\n");
        (IReadOnlyList<GatheredRecord> records, _, _) = await RunAsync(conversation);
        Assert.Equal("""["root"]""", Assert.Single(records).Custom("finger.user"));
    }

    [Fact]
    public async Task EachRecordIsToldItsSize()
    {
        Conversation conversation = new();
        for (int i = 0; i < 5; i++)
            conversation.Udp(i, true, new string('x', i < 3 ? 50 : 10));
        (IReadOnlyList<GatheredRecord> records, PluginFigure plugin, _) = await RunAsync(conversation, ("watchElephant", "100"));
        Assert.Equal(["elephant", "mouse"], records.Select(record => record.Custom("watch.size")));
        // A session's linked records have its tags.
        Assert.Equal(["elephant", "elephant"], records.Select(record => record.Texts("tags")));
        Assert.Equal((1L, 1L), (plugin.Counters["final_records"], plugin.Counters["linked_records"]));
    }

    [Fact]
    public async Task TheWatchmanTagsAndKeepsNoMorePackets()
    {
        var said = new List<string>();
        await using var run = new PausedRun(
            Query(FingerPort, "root\r\n").Packets,
            new Conversation(serverPort: FingerPort).Tcp(5, false, Conversation.Psh | Conversation.Ack, 5001, 1007, "Login: root").Packets,
            partitions: 3,
            Settings(("watchUsers", "root operator")),
            [new WatchPlugin()],
            said.Add
        );
        await AnsweredAsync(run);
        GatheredRecord record = Assert.Single(await run.EndAsync());
        Assert.Equal("watched truncated-pcap", record.Texts("tags"));
        Assert.Equal((5L, 4), (record.Long("packets"), record.Positions().Count));
        Assert.Empty(said);
    }

    [Fact]
    public async Task TheWatchmanEndsASession()
    {
        await using var run = new PausedRun(
            Query(FingerPort, "root\r\n").Packets,
            new Conversation(serverPort: FingerPort).Tcp(5, false, Conversation.Psh | Conversation.Ack, 5001, 1007, "Login: root").Packets,
            partitions: 3,
            Settings(("watchClosed", "root")),
            [new WatchPlugin()]
        );
        await AnsweredAsync(run);
        IReadOnlyList<GatheredRecord> records = await run.EndAsync();
        Assert.Equal([EndReason.Forced, EndReason.Shutdown], records.Select(record => record.Reason));
        Assert.Equal([4L, 1L], records.Select(record => record.Long("packets")));
    }

    [Fact]
    public async Task WhatItRecordsIsTheSameOverAnyNumberOfPartitions()
    {
        List<CapturedPacket> packets = [];
        for (int i = 0; i < 40; i++)
        {
            packets.AddRange(
                new Conversation($"10.0.1.{i}", serverPort: FingerPort)
                    .Handshake(i)
                    .Tcp(i + 0.5, true, Conversation.Psh | Conversation.Ack, 1001, 5001, $"user{i}\r\n")
                    .Packets
            );
            packets.AddRange(
                new Conversation($"10.0.2.{i}", server: "224.0.0.18").Add(i + 0.6, true, 112, [0x31, (byte)i, 100, 1, 0, 100, 0, 0]).Packets
            );
        }
        string[]? first = null;
        foreach (int partitions in (int[])[1, 2, 5])
        {
            IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(
                [new MemorySource(packets)],
                Settings(),
                partitions: partitions,
                plugins: [new WatchPlugin()]
            );
            string[] all = [.. records.Select(record => Convert.ToHexString(record.Avro)).Order(StringComparer.Ordinal)];
            Assert.Equal(80, all.Length);
            Assert.Equal(first ??= all, all);
        }
    }

    private static Conversation Query(int port, string query) =>
        new Conversation(serverPort: port).Handshake().Tcp(1, true, Conversation.Psh | Conversation.Ack, 1001, 5001, query);

    private static SessionSettings Settings(params (string Name, string Value)[] settings) =>
        new()
        {
            MaxPackets = 1000,
            StopOnParserFault = true,
            Parsers = settings.ToDictionary(static one => one.Name, static one => one.Value, StringComparer.Ordinal),
        };

    /// <summary>Waits until the watchman has done what there was to do.</summary>
    private static async Task AnsweredAsync(PausedRun run)
    {
        using var watchdog = new CancellationTokenSource(SessionRun.Watchdog);
        while ((await run.PluginAsync("watch"))!.Counters["answered"] == 0)
            await Task.Delay(1, watchdog.Token);
    }

    private static async Task<(IReadOnlyList<GatheredRecord> Records, PluginFigure Plugin, SessionRun Run)> RunAsync(
        Conversation conversation,
        params (string Name, string Value)[] settings
    )
    {
        var sink = new GatheringSink();
        using var run = new SessionRun(
            new MemoryReader(new MemorySource(conversation.Packets)),
            sink,
            Settings(settings) with
            {
                MaxPackets = settings.Length == 0 ? 1000 : 3,
            },
            plugins: [new WatchPlugin()]
        );
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        return (sink.Records, run.Plugin("watch")!, run);
    }
}
