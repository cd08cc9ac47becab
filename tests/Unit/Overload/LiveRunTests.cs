using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Overload;

public sealed class LiveRunTests
{
    private const double Noon = 1_000_000;

    [Fact]
    public async Task SessionsEndOnALinkWhereNothingComes()
    {
        IReadOnlyList<GatheredRecord> records = await RunAsync(
            1,
            Udp(0, Noon, "10.0.0.1"),
            LiveStep.Tick(0, Noon + 59),
            LiveStep.Tick(0, Noon + 62)
        );
        Assert.Equal(EndReason.Timeout, Assert.Single(records).Reason);
        // what is not over is cut short by the end of the run
        records = await RunAsync(1, Udp(0, Noon, "10.0.0.1"), LiveStep.Tick(0, Noon + 59));
        Assert.Equal(EndReason.Shutdown, Assert.Single(records).Reason);
    }

    [Fact]
    public async Task TheReaderThatIsFurthestBehindDecides()
    {
        IReadOnlyList<GatheredRecord> records = await RunAsync(
            2,
            Udp(0, Noon, "10.0.0.1"),
            LiveStep.Tick(0, Noon + 100),
            LiveStep.Tick(1, Noon + 10),
            // it has packets of the same session, from before
            Udp(1, Noon + 50, "10.0.0.1"),
            Udp(1, Noon + 51, "10.0.0.1"),
            LiveStep.Tick(1, Noon + 200)
        );
        GatheredRecord record = Assert.Single(records);
        Assert.Equal(3, record.Long("packets"));
    }

    [Fact]
    public async Task RecordsSayWhatWasLostWhileTheyLived()
    {
        IReadOnlyList<GatheredRecord> records = await RunAsync(
            1,
            new LiveStep(0, Packets(Noon, "10.0.0.1"), KernelDrops: 5), // before it began: none of its business
            new LiveStep(0, Packets(Noon + 1, "10.0.0.3"), KernelDrops: 2, Shed: 3),
            LiveStep.Tick(0, Noon + 90)
        );
        GatheredRecord first = records.Single(static record => record.Ip("ip.src") == "10.0.0.1");
        GatheredRecord second = records.Single(static record => record.Ip("ip.src") == "10.0.0.3");
        Assert.Equal((2, 3, 0), (first.Long("lost.kernel"), first.Long("lost.shed"), first.Long("complete")));
        Assert.Equal((0, 0, 1), (second.Long("lost.kernel"), second.Long("lost.shed"), second.Long("complete")));
    }

    [Fact]
    public async Task GapsOfTcpAreCounted()
    {
        Conversation talk = new Conversation()
            .Handshake(Noon)
            .Tcp(Noon + 1, true, Conversation.Ack | Conversation.Psh, 1001, 5001, "GET / HTTP/1.1\r\n")
            .Tcp(Noon + 2, true, Conversation.Ack | Conversation.Psh, 2001, 5001, "after a gap")
            .Tcp(Noon + 3, false, Conversation.Ack, 5001, 2012);
        IReadOnlyList<GatheredRecord> records = await RunAsync(1, new LiveStep(0, talk.Packets));
        GatheredRecord record = Assert.Single(records);
        Assert.Equal(1, record.Long("lost.tcpGaps"));
        Assert.Equal(0, record.Long("complete"));
        Assert.Equal(0, record.Long("lost.kernel"));
    }

    [Fact]
    public async Task NewSessionsAreRefusedAndOldOnesGoOn()
    {
        SessionRun? run = null;
        ScriptedLiveReader reader = null!;
        reader = new ScriptedLiveReader(
            1,
            Udp(0, Noon, "10.0.0.1"),
            new LiveStep(0, [.. Packets(Noon + 1, "10.0.0.3"), .. Packets(Noon + 2, "10.0.0.3"), .. Packets(Noon + 3, "10.0.0.1")])
            {
                Before = () => FillKernelAsync(run!, "10.0.0.1", reader, 80),
            }
        );
        var sink = new GatheringSink();
        using (run = new SessionRun(reader, sink))
        {
            await run.RunAsync(TestContext.Current.CancellationToken);
            run.AssertBalanced();
            Assert.Equal(2, run.Counts.Refused);
        }
        GatheredRecord record = Assert.Single(sink.Records);
        Assert.Equal(("10.0.0.1", 2, 2), (record.Ip("ip.src"), record.Long("packets"), record.Long("lost.shed")));
        Assert.Equal(0, record.Long("complete"));
    }

    [Fact]
    public async Task WholeFlowsAreShed()
    {
        // each flow twice in every step
        IReadOnlyList<CapturedPacket> Flows(double at) => [.. Enumerable.Range(0, 2 * 64).SelectMany(i => Packets(at, $"10.0.1.{i % 64}"))];
        SessionRun? run = null;
        ScriptedLiveReader reader = null!;
        reader = new ScriptedLiveReader(
            1,
            new LiveStep(0, Flows(Noon)),
            new LiveStep(0, Flows(Noon + 1)) { Before = () => FillKernelAsync(run!, "10.0.1.63", reader, 95) },
            new LiveStep(0, Flows(Noon + 2))
        );
        var sink = new GatheringSink();
        using (run = new SessionRun(reader, sink, new SessionSettings { HashSeed = 7 }))
        {
            await run.RunAsync(TestContext.Current.CancellationToken);
            run.AssertBalanced();
            Assert.InRange(run.Verdicts[(int)PacketRc.OverloadDropped], 4, (2 * 2 * 64) - 1);
            Assert.Equal(0, run.Counts.Refused);
        }
        // of a step a flow lost both packets or none, and who was shed first was shed to the end
        Assert.All(sink.Records, static record => Assert.Contains(record.Long("packets"), (long[])[2, 4, 6]));
        Assert.Contains(sink.Records, static record => record.Long("packets") == 2);
        Assert.Contains(sink.Records, static record => record.Long("packets") == 6);
        Assert.Equal(64, sink.Records.Count);
    }

    [Fact]
    public async Task TimeThatIsSetBackEndsWhatIsOpen()
    {
        IReadOnlyList<GatheredRecord> records = await RunAsync(
            1,
            Udp(0, Noon, "10.0.0.1"),
            Udp(0, Noon + 1, "10.0.0.1"),
            Udp(0, Noon - 3_600, "10.0.0.1"),
            Udp(0, Noon - 3_590, "10.0.0.1"),
            LiveStep.Tick(0, Noon - 3_400)
        );
        Assert.Equal([EndReason.Shutdown, EndReason.Timeout], records.Select(static record => record.Reason));
        Assert.Equal([2L, 2L], records.Select(static record => record.Long("packets")));
    }

    private static async Task<IReadOnlyList<GatheredRecord>> RunAsync(int readers, params LiveStep[] steps)
    {
        var sink = new GatheringSink();
        using var run = new SessionRun(new ScriptedLiveReader(readers, steps), sink);
        await run.RunAsync();
        run.AssertBalanced();
        return sink.Records;
    }

    private static IReadOnlyList<CapturedPacket> Packets(double at, string client) =>
        new Conversation(client).Udp(at, true, "hello").Packets;

    // when this client's session is open: the packets before it have been looked at then
    private static async Task FillKernelAsync(SessionRun run, string client, ScriptedLiveReader reader, int percent)
    {
        FlowKey key = new(
            "udp",
            IpAddress.ReadIPv4(System.Net.IPAddress.Parse(client).GetAddressBytes()),
            40000,
            IpAddress.ReadIPv4([10, 0, 0, 2]),
            80
        );
        while (await run.Topology.Commands.LookUpAsync(key) is null)
            await Task.Yield();
        reader.Control.Overload.Report(0, percent);
    }

    private static LiveStep Udp(byte reader, double at, string client) => new(reader, Packets(at, client));
}
