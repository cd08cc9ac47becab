using System.Buffers.Binary;
using CsCheck;
using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.Conversation;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>What happens where there is no room: emergency mode, eviction, and that both repeat.</summary>
public sealed class SessionLimitTests
{
    private static readonly SessionSettings Two = new() { MaxStreams = 2, UdpTimeout = 60 };

    [Fact]
    public async Task TheLeastRecentGoesNotTheOldest()
    {
        CapturedPacket[] packets = [.. At(1, 100), .. At(2, 101), .. At(1, 102), .. At(3, 103)];
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(packets, Two);
        Assert.Equal([1L, 2L, 3L], records.Select(record => record.Long("port.src")).Order());
        Assert.Equal(2, Assert.Single(records, record => record.Reason == EndReason.Forced).Long("port.src"));
    }

    [Fact]
    public async Task EmergencyTimeoutsComeBeforeEviction()
    {
        // One side only: over after 10 s in emergency mode. Both sides: not before 100 s.
        CapturedPacket[] packets =
        [
            .. At(1, 100),
            .. new Conversation(clientPort: 2).Udp(100.1, true).Udp(100.2, false).Packets,
            .. At(2, 115),
            .. At(3, 115.1),
        ];
        using SessionRun run = await RunAsync(packets, Two);
        Assert.Equal([EndReason.Timeout, EndReason.Shutdown, EndReason.Shutdown], Records(run).Select(record => record.Reason));
        SessionCounts counts = run.Counts;
        Assert.Equal((1L, 0L, 1L, 0L), (counts.Emergencies, counts.Evicted, counts.EndedEarly, counts.InEmergency));
    }

    [Fact]
    public async Task EmergencyTimeoutsCanBeSet()
    {
        SessionSettings settings = Two with { FlowTimeouts = new FlowTimeoutSettings { Udp = new ProtocolTimeouts { EmergencyNew = 20 } } };
        CapturedPacket[] packets = [.. At(1, 100), .. At(2, 100.1), .. At(2, 115), .. At(3, 115.1)];
        using SessionRun run = await RunAsync(packets, settings);
        Assert.Equal((1L, 0L), (run.Counts.Evicted, run.Counts.EndedEarly));
    }

    [Theory]
    [InlineData(0, 30, EndReason.Shutdown)] // new: 40 s
    [InlineData(0, 41, EndReason.Timeout)]
    [InlineData(1, 15, EndReason.Shutdown)] // established: 20 s
    [InlineData(1, 21, EndReason.Timeout)]
    public async Task StatesHaveTimeoutsOfTheirOwn(int answers, int idle, EndReason reason)
    {
        var settings = new SessionSettings
        {
            UdpTimeout = 5,
            FlowTimeouts = new FlowTimeoutSettings
            {
                Udp = new ProtocolTimeouts { New = 40, Established = 20 },
            },
        };
        var conversation = new Conversation(clientPort: 9);
        conversation.Udp(100, true);
        for (int i = 0; i < answers; i++)
            conversation.Udp(100, false);
        CapturedPacket[] packets = [.. conversation.Packets, .. At(1, 100 + idle), .. At(1, 100 + idle)];
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(packets, settings);
        Assert.Equal(reason, Assert.Single(records, record => record.Long("port.src") == 9).Reason);
    }

    [Fact]
    public async Task WhatIsOverInTheSameSecondIsNotForced()
    {
        // The wheel alone would look at the first one in the next second.
        CapturedPacket[] packets = [.. At(1, 100.2), .. At(2, 155), .. At(2, 160.4), .. At(2, 160.5), .. At(3, 160.6)];
        using SessionRun run = await RunAsync(packets, Two);
        Assert.Equal((0L, 0L), (run.Counts.Evicted, run.Counts.Emergencies));
        Assert.Equal([EndReason.Timeout, EndReason.Shutdown, EndReason.Shutdown], Records(run).Select(record => record.Reason));
    }

    [Fact]
    public async Task APacketOfAnOpenSessionNeedsNoRoom()
    {
        CapturedPacket[] packets = [.. At(1, 100), .. At(2, 101), .. At(1, 102), .. At(2, 103), .. At(1, 104)];
        using SessionRun run = await RunAsync(packets, Two);
        Assert.Equal((0L, 0L), (run.Counts.Evicted, run.Counts.Emergencies));
    }

    [Fact]
    public async Task EmergencyEndsWhenEnoughIsFree()
    {
        // Ten sessions are the limit, seven end the emergency: what is idle then lives by the normal timeout again.
        SessionSettings settings = Two with
        {
            MaxStreams = 10,
        };
        CapturedPacket[] packets =
        [
            .. Enumerable.Range(1, 11).SelectMany(i => At(i, 100 + i)), // evicts the first
            .. At(11, 115.9), // 2 to 5 are over by 10 s: six are left
            .. At(11, 115.95),
            .. At(11, 117),
            .. At(11, 130),
            .. At(6, 131), // by 10 s it would be over since 116
        ];
        using SessionRun run = await RunAsync(packets, settings);
        Assert.Equal((1L, 1L, 4L, 0L), (run.Counts.Emergencies, run.Counts.Evicted, run.Counts.EndedEarly, run.Counts.InEmergency));
        Assert.Equal(2, Assert.Single(Records(run), record => record.Long("port.src") == 6).Long("packets"));
    }

    /// <summary>
    /// Issue 5's flood in small: 60,000 flows in six seconds, then quiet. The cap is far below what they need; it is held but for what one packet
    /// adds, and the mode goes when the flood has gone.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AFloodIsHeldUnderTheMemoryCap(int partitions)
    {
        const int flows = 60_000;
        const long cap = 8 << 20;
        var packets = new List<CapturedPacket>();
        byte[] syn = new Conversation().Tcp(0, true, Syn, 1000).Packets[0].Data;
        for (int i = 0; i < flows; i++)
        {
            byte[] frame = [.. syn];
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(26), 0x0A000000 + i);
            packets.Add(new CapturedPacket(Ns(100 + (6.0 * i / flows)), frame));
        }
        for (int i = 0; i < 200; i++)
            packets.AddRange(At(1 + (i % 20), 107 + i));
        var settings = new SessionSettings { MemoryCap = cap };
        using SessionRun run = await RunAsync([.. packets], settings, partitions, wantsAvro: false);
        SessionCounts counts = run.Counts;
        Assert.Equal((long)partitions, counts.Emergencies);
        Assert.Equal(0, counts.InEmergency);
        Assert.InRange(counts.PeakMemoryBytes, cap * 3 / 4, cap + (partitions * 40_000));
        Assert.InRange(counts.Evicted, flows / 2, flows);
        Assert.Equal(counts.Evicted, counts.ByReason[(int)EndReason.Forced]);
        Assert.InRange(counts.EndedEarly, 1, counts.Created - counts.Evicted);
        Assert.InRange(counts.Made, 1, (cap / FlowSession.BareBytes) + (partitions * 1024));
        TestContext.Current.TestOutputHelper!.WriteLine($"{FlowSession.BareBytes} bytes a bare session; {counts}");
    }

    [Fact]
    public async Task SessionsThatGrowCountToo()
    {
        // Few sessions of many packets: their positions are what takes the room.
        CapturedPacket[] packets = [.. Enumerable.Range(0, 60_000).SelectMany(i => At(1 + (i % 40), 100 + (i * 0.0001)))];
        var settings = new SessionSettings { MemoryCap = 128 << 10, MaxPackets = 1_000_000 };
        using SessionRun run = await RunAsync(packets, settings);
        Assert.True(run.Counts.Evicted > 0);
        Assert.InRange(run.Counts.PeakMemoryBytes, 100 << 10, 150 << 10);
    }

    [Fact]
    public async Task AMillionSessionsWouldTakeLessThanAGigabyte()
    {
        const int flows = 10_000;
        CapturedPacket[] packets = [.. Enumerable.Range(0, flows).SelectMany(i => At(1 + i, 100 + (i * 0.0001)))];
        using SessionRun run = await RunAsync(packets, new SessionSettings(), wantsAvro: false);
        Assert.InRange(run.Counts.PeakMemoryBytes / flows, 300, 850);
    }

    /// <summary>What is evicted depends on the partitions (docs/operations.md says so), but on nothing else.</summary>
    [Fact]
    public void LimitsRepeatWhateverTheBatches()
    {
        Gen<(int Step, int Flow, bool Forward)[]> capture = Gen.Select(
            Gen.Frequency((10, Gen.Int[0, 300]), (1, Gen.Int[0, 30_000])),
            Gen.Int[1, 60],
            Gen.Bool
        ).Array[1, 300];
        Gen.Select(capture, Gen.Int[1, 30], Gen.Bool, Gen.Int[1, 4], Gen.Int[1, 20].Array[1, 4])
            .Sample(
                (steps, maxStreams, byMemory, partitions, batches) =>
                {
                    var packets = new List<CapturedPacket>();
                    double time = 100;
                    foreach ((int step, int flow, bool forward) in steps)
                    {
                        time += step / 1000.0;
                        packets.AddRange(new Conversation(clientPort: flow).Udp(time, forward, "data").Packets);
                    }
                    // The seed, because it is the salt that says which partition gets a session.
                    SessionSettings settings = byMemory
                        ? new SessionSettings { MemoryCap = partitions * (20_000 + (maxStreams * 500)) }
                        : new SessionSettings { MaxStreams = maxStreams };
                    settings = settings with { HashSeed = 7 };
                    string[] one = Run(packets, settings, partitions, batches);
                    Assert.Equal(one, Run(packets, settings, partitions, [1000]));
                    Assert.Equal(one, Run(packets, settings, partitions, [1]));
                },
                iter: 30
            );
    }

    private static string[] Run(List<CapturedPacket> packets, SessionSettings settings, int partitions, int[] batches)
    {
        MemorySource[] sources = [new(packets)];
        IReadOnlyList<GatheredRecord> records = SessionRun
            .OfAsync(sources, settings, partitions: partitions, batchSizes: batches)
            .GetAwaiter()
            .GetResult();
        return
        [
            .. records.Select(record => $"{record.Id} {record.Reason} {Convert.ToHexString(record.Avro)}").Order(StringComparer.Ordinal),
        ];
    }

    private static IReadOnlyList<GatheredRecord> Records(SessionRun run) =>
        [.. ((GatheringSink)run.Sink).Records.OrderBy(record => record.Reason)];

    private static async Task<SessionRun> RunAsync(
        CapturedPacket[] packets,
        SessionSettings settings,
        int partitions = 1,
        bool wantsAvro = true
    )
    {
        var run = new SessionRun(
            new MemoryReader(new MemorySource(packets)) { BatchSizes = [packets.Length > 10_000 ? 1000 : 7] },
            new GatheringSink { WantsAvro = wantsAvro },
            settings,
            partitions: partitions
        );
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        return run;
    }

    private static IReadOnlyList<CapturedPacket> At(int port, double time) => new Conversation(clientPort: port).Udp(time, true).Packets;
}
