using CsCheck;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Graph;

/// <summary>The whole topology on a clean run: nothing is lost, nothing doubled, order is kept, whatever is slow.</summary>
public sealed class PipelineTests
{
    /// <summary>One record a packet, so that batches of records are many.</summary>
    private static readonly SessionSettings RecordAPacket = new() { MaxPackets = 1 };

    [Fact]
    public void NothingIsLostOrDoubledAndOrderIsKept()
    {
        Gen.Select(
                Gen.Int[0, 2_000],
                Gen.Int[1, 8],
                Gen.OneOf(Gen.Int[1, 5], Gen.Int[50, 400]).Array[1, 5],
                Gen.Int[1, 40],
                Gen.Int[1, 20],
                Gen.OneOf(Gen.Int[1, 3], Gen.Int[10, 5_000]),
                Gen.Frequency((2, Gen.Const(0)), (1, Gen.Int[1, 4]))
            )
            .Sample(
                (count, partitions, batches, flows, capacity, maxPackets, slow) =>
                    CheckAsync(count, partitions, batches, flows, capacity, maxPackets, slow).GetAwaiter().GetResult(),
                iter: 25
            );
    }

    [Fact]
    public async Task OnePartitionsSlowRecordsHoldUpButLoseNothing()
    {
        // Head of line: enqueue waits for the slowest partition, and goes on when it can.
        CapturedPacket[] packets = Packets(20_000, 64);
        int slow = -1;
        var sink = new GatheringSink
        {
            WantsAvro = false,
            Before = (_, batch) =>
            {
                slow = slow < 0 ? batch.Partition : slow;
                return batch.Partition == slow ? Task.Delay(5) : Task.CompletedTask;
            },
        };
        var reader = new MemoryReader(new MemorySource(packets)) { BatchSizes = [256] };
        using var run = new SessionRun(reader, sink, RecordAPacket, partitions: 4, emitCapacity: 1);
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal(packets.Length, sink.Records.Count);
        Assert.Equal(0, reader.Lent);
    }

    [Theory]
    [InlineData(EndOfEndless.Returns)]
    [InlineData(EndOfEndless.Throws)]
    internal async Task AStopDrains(EndOfEndless how)
    {
        using var stop = new CancellationTokenSource();
        var sink = new GatheringSink
        {
            Before = (batch, _) =>
            {
                if (batch == 3)
                    stop.Cancel();
                return Task.CompletedTask;
            },
        };
        var reader = new MemoryReader(new MemorySource(Packets(2_000, 50))) { BatchSizes = [100], Endless = how };
        using var run = new SessionRun(reader, sink, new SessionSettings { MaxPackets = 3 }, partitions: 3);
        await run.RunAsync(stop.Token);
        run.AssertBalanced();
        Assert.Equal(reader.Counts.Packets, sink.Records.Sum(record => record.Long("packets")));
        Assert.Equal(0, reader.Lent);
    }

    [Fact]
    public async Task AStopBeforeTheFirstPacketEndsWell()
    {
        var reader = new MemoryReader(new MemorySource(Packets(100, 5)));
        using var run = new SessionRun(reader, new GatheringSink());
        await run.RunAsync(new CancellationToken(canceled: true));
        run.AssertBalanced();
    }

    private static async Task CheckAsync(int count, int partitions, int[] batches, int flows, int capacity, int maxPackets, int slow)
    {
        CapturedPacket[] packets = Packets(count, flows);
        var sink = new GatheringSink { Before = (batch, _) => slow > 0 && batch % slow == 0 ? Task.Delay(1) : Task.CompletedTask };
        var reader = new MemoryReader(new MemorySource(packets)) { BatchSizes = batches };
        using var run = new SessionRun(
            reader,
            sink,
            new SessionSettings { MaxPackets = maxPackets },
            partitions: partitions,
            emitCapacity: capacity
        );
        await run.RunAsync();
        run.AssertBalanced();
        Assert.Equal(0, reader.Lent);

        // Each packet's offset once, and in each record in the order in which they came.
        List<long>[] offsets = [.. sink.Records.Select(record => record.Positions().ConvertAll(position => position.Offset))];
        Assert.Equal(Offsets(packets), offsets.SelectMany(all => all).Order());
        foreach (List<long> of in offsets)
            Assert.Equal(of.Order(), of);
        // Records of one session come one after the other.
        foreach (
            IGrouping<Guid, GatheredRecord> session in sink
                .Records.Where(record => record.RootId != Guid.Empty)
                .GroupBy(record => record.RootId)
        )
            Assert.Equal(Enumerable.Range(0, session.Count()).Select(i => (long)i), session.Select(record => record.Long("segment")));
    }

    private static IEnumerable<long> Offsets(CapturedPacket[] packets)
    {
        long offset = 24;
        foreach (CapturedPacket packet in packets)
        {
            yield return offset;
            offset += 16 + packet.Data.Length;
        }
    }

    internal static CapturedPacket[] Packets(int count, int flows)
    {
        CapturedPacket[] frames =
        [
            .. Enumerable.Range(0, flows).Select(i => new Conversation(clientPort: 1000 + i).Udp(0, true, "data").Packets[0]),
        ];
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => frames[i * 7 % flows] with { TimestampNs = 1_700_000_000_000_000_000 + (i * 1_000_000L) }),
        ];
    }
}
