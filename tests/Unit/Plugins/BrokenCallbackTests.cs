using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Stats;
using FlowPipe.Tests.Broken;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Plugins;

/// <summary>A plugin that throws out of each of its callbacks in turn, and what that costs: never the run, and never anybody else's record.</summary>
public sealed class BrokenCallbackTests
{
    private static readonly SessionSettings Going = new() { MaxPackets = 3 };
    private readonly List<string> _said = [];

    /// <summary>What is broken, what is named, and what it costs at least one session or packet.</summary>
    public static TheoryData<string, string, Cost> Callbacks =>
        new()
        {
            { "link", "link type 147", Cost.Packets },
            { "ethernet", "Ethernet type 34998", Cost.Packets },
            { "ethernet.after", "Ethernet type 34998", Cost.Packets },
            { "llc", "LLC service access point 64", Cost.Packets },
            { "ip", "IP protocol 253", Cost.Packets },
            { "udpPort", "UDP port 5555", Cost.Packets },
            { "verdict.unknown", "IP protocol 254", Cost.Packets },
            { "verdict.held", "IP protocol 254", Cost.Packets },
            { "verdict.noSession", "IP protocol 254", Cost.Packets },
            { "mprotocol.number", "IP protocol 254", Cost.Packets },
            { "offset.payload", "IP protocol 254", Cost.Packets },
            { "offset.ip", "IP protocol 254", Cost.Packets },
            { "offset.ether", "IP protocol 254", Cost.Packets },
            { "offset.tcp", "IP protocol 254", Cost.Packets },
            { "createSessionId", "Ethernet type 34999", Cost.Packets },
            { "createSessionId.count", "Ethernet type 34999", Cost.Packets },
            { "createSessionId.number", "Ethernet type 34999", Cost.Packets },
            { "createSessionId.later", "protocol brokenkey (CreateSessionId)", Cost.PacketsInPartition },
            { "preProcess", "protocol broken (PreProcess)", Cost.PacketsInPartition },
            { "preProcess.later", "protocol broken (PreProcess)", Cost.PacketsOfSession },
            { "process", "protocol broken (Process)", Cost.Tag },
            { "process.reason", "protocol broken (Process)", Cost.Tag },
            { "midSave", "protocol broken (MidSave)", Cost.Tag },
            { "finish", "protocol broken (Finish)", Cost.Tag },
            { "free", "protocol broken (Free)", Cost.Nothing },
            { "classifier", "classifier broken", Cost.Tag },
            { "portClassifier", "classifier broken", Cost.Tag },
            { "parser.create", "classifier broken", Cost.Tag },
            { "parser.parse", "parser broken", Cost.ParserTag },
            { "parser.save", "parser broken", Cost.ParserTag },
            { "parser.free", "parser broken", Cost.Nothing },
            { "sub.create", "sub-parser broken", Cost.Nothing },
            { "sub.parse", "sub-parser broken", Cost.Tag },
            { "saveHook", "its save hook", Cost.TagEverywhere },
            { "saveHook.openRecord", "its save hook", Cost.TagEverywhere },
            { "counter", "counter observed", Cost.Nothing },
            { "background", "its background work", Cost.Nothing },
            { "background.cancelled", "its background work", Cost.Nothing },
        };

    public enum Cost
    {
        Nothing,
        Packets,
        PacketsInPartition,
        PacketsOfSession,
        Tag,
        ParserTag,
        TagEverywhere,
    }

    [Theory]
    [MemberData(nameof(Callbacks))]
    public async Task WhatItThrowsCostsWhatItWasCalledForAndNoMore(string broken, string named, Cost cost)
    {
        foreach (int partitions in (int[])[1, 3])
        {
            _said.Clear();
            List<GatheredRecord> whole = await RunAsync("", partitions, (_, plugin) => Assert.Equal(0, plugin.Errors));
            Assert.Empty(_said);
            List<GatheredRecord> records = await RunAsync(
                broken,
                partitions,
                (run, plugin) =>
                {
                    Assert.InRange(plugin.Errors, 1, long.MaxValue);
                    Assert.Equal(cost == Cost.Packets, run.Verdicts[(int)PacketRc.PluginFailed] > 0);
                    Assert.Equal(cost is Cost.PacketsInPartition or Cost.PacketsOfSession, run.Counts.Failed > 0);
                }
            );
            string said = Assert.Single(_said);
            Assert.StartsWith($"plugin broken: {named} has an error, and ", said, StringComparison.Ordinal);
            string tag =
                cost is Cost.Tag or Cost.TagEverywhere or Cost.PacketsOfSession ? "plugin-fault:broken"
                : cost == Cost.ParserTag ? "parser-fault:broken"
                : "";
            string[] tags =
            [
                .. records.Select(record => record.Texts("tags")).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            ];
            Assert.Equal(
                cost == Cost.TagEverywhere ? [tag]
                    : tag.Length == 0 ? [""]
                    : ["", tag],
                tags
            );
            // Whoever has nothing to do with it is as if it were not there.
            if (cost != Cost.TagEverywhere)
                Assert.Equal(Others(whole), Others(records));
        }
    }

    /// <summary>But for what only shows where a plugin is not believed, and for counters, which are not of the run.</summary>
    public static TheoryData<string> Throwing =>
        [
            .. Callbacks
                .Select(static row => row.Data.Item1)
                .Where(static broken => broken != "counter" && !broken.StartsWith("verdict.", StringComparison.Ordinal))
                .Where(static broken => !broken.StartsWith("offset.", StringComparison.Ordinal)),
        ];

    [Theory]
    [MemberData(nameof(Throwing))]
    public async Task WhereThatIsAskedForItEndsTheRun(string broken)
    {
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            using SessionRun run = RunOf(broken, 1, Going with { StopOnParserFault = true }, new GatheringSink());
            await run.RunAsync(TestContext.Current.CancellationToken);
        });
    }

    [Fact]
    public async Task AProtocolThatEndsEachSessionMakesNoRecordOfNothing()
    {
        List<GatheredRecord> records = await RunAsync("preProcess.restart", 1, (_, plugin) => Assert.Equal(0, plugin.Errors));
        Assert.All(records, record => Assert.True(record.Long("packets") > 0));
    }

    [Theory]
    [InlineData("register", "it is the register")]
    [InlineData("name", "it is the name")]
    public async Task OneThatCantRegisterIsLeftOut(string broken, string why)
    {
        var sink = new GatheringSink();
        using SessionRun run = RunOf(broken, 1, Going, sink);
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.EndsWith($" is not used: it can't register: {why}", Assert.Single(_said), StringComparison.Ordinal);
        Assert.Null(run.Plugin("broken"));
    }

    private async Task<List<GatheredRecord>> RunAsync(string broken, int partitions, Action<SessionRun, PluginFigure> check)
    {
        var sink = new GatheringSink();
        using SessionRun run = RunOf(broken, partitions, Going, sink);
        await run.RunAsync(TestContext.Current.CancellationToken);
        PluginFigure plugin = run.Plugin("broken")!;
        run.AssertBalanced();
        check(run, plugin);
        return [.. sink.Records];
    }

    private SessionRun RunOf(string broken, int partitions, SessionSettings settings, GatheringSink sink) =>
        new(
            new MemoryReader(new MemorySource(Packets()), new MemorySource(OfLink(), BrokenPlugin.LinkType, "1122334455667788")),
            sink,
            settings,
            partitions: partitions,
            plugins: [new BrokenPlugin(broken)],
            warn: _said.Add
        );

    private static string[] Others(List<GatheredRecord> records) =>
        [
            .. records
                .Where(record => record.Texts("protocols") == "icmp" || record.Long("port.dst") is 53 or 80)
                .Select(record => Convert.ToHexString(record.Avro))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Whatever the plugin looks at, in between packets of others. Two sessions of each, of more packets than a record holds.</summary>
    private static List<CapturedPacket> Packets()
    {
        var packets = new List<CapturedPacket>();
        byte[] inner = IPv4(UdpNumber, "10.1.0.1", "10.1.0.2", Udp(5, 6, [1, 2, 3]));
        for (int i = 0; i < 5; i++)
        {
            double at = i;
            foreach (string client in (string[])["10.0.0.1", "10.0.0.3"])
            {
                packets.AddRange(new Conversation(client, serverPort: 53).Udp(at, true, "question").Udp(at, false, "answer").Packets);
                packets.AddRange(new Conversation(client).Icmp(at, true, 8).Packets);
                packets.AddRange(new Conversation(client, serverPort: BrokenPlugin.UdpPort).Udp(at, true, "tunnel").Packets);
                packets.AddRange(new Conversation(client).Add(at, true, BrokenPlugin.IpProtocol, new byte[20]).Packets);
                packets.AddRange(new Conversation(client).Add(at, true, BrokenPlugin.IpProtocolWithSessions, new byte[30]).Packets);
            }
            packets.AddRange(
                new Conversation()
                    .Frame(at, Ethernet(BrokenPlugin.EtherType, inner))
                    .Frame(at, Ethernet(BrokenPlugin.EtherTypeWithSessions, new byte[20]))
                    .Frame(at, Ethernet((ushort)(3 + inner.Length), [BrokenPlugin.Sap, BrokenPlugin.Sap, 3, .. inner]))
                    .Packets
            );
        }
        // A datagram in two fragments inside the plugin's layer, and one whose second never comes.
        byte[] payload = Udp(9, 10, new byte[24]);
        List<Piece> pieces = Fragmenter.Pieces(payload.Length, 16);
        foreach ((int id, Piece piece) in ((int, Piece)[])[(1, pieces[0]), (1, pieces[1]), (2, pieces[0])])
        {
            byte[] fragment = Fragmenter.V4(UdpNumber, "10.3.0.1", "10.3.0.2", payload, piece, id);
            packets.AddRange(new Conversation().Frame(5, Ethernet(BrokenPlugin.EtherType, fragment)).Packets);
        }
        foreach (string client in (string[])["10.0.0.1", "10.0.0.3"])
        {
            packets.AddRange(Stream(client, 80, "other"));
            packets.AddRange(Stream(client, 8080, "BREAK it"));
            packets.AddRange(Stream(client, BrokenPlugin.TcpPort, "port"));
        }
        return packets;
    }

    private static IReadOnlyList<CapturedPacket> Stream(string client, int port, string text) =>
        new Conversation(client, serverPort: port)
            .Handshake(5)
            .Tcp(6, true, Conversation.Psh | Conversation.Ack, 1001, 5001, text)
            .Tcp(7, true, Conversation.Psh | Conversation.Ack, (uint)(1001 + text.Length), 5001, text)
            .Packets;

    private static IReadOnlyList<CapturedPacket> OfLink() =>
        new Conversation().Frame(10, IPv4(UdpNumber, "10.2.0.1", "10.2.0.2", Udp(7, 8, [1]))).Packets;
}
