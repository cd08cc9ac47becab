using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Overload;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Reading.Live;

namespace FlowPipe.Tests.Unit.Reading.Live;

public sealed class OutletTests
{
    private static readonly byte[] Packet = [1, 2, 3, 4];

    [Fact]
    public async Task NobodyWaitsAndEveryPacketIsCounted()
    {
        var settings = new LiveReaderSettings
        {
            BatchPackets = 4,
            Batches = 3,
            Blocks = 2,
            SnapLen = 64,
            BlockBytes = 64,
        };
        var counts = new ReaderCounts();
        var source = new PacketSource(0, "0011223344556677", "interface:x");
        var outlet = new BatchOutlet(new LaneSetup("x", 0, 0, source, new OverloadControl(), settings), counts);
        // takes two batches, and is done with none
        var full = new BufferBlock<PacketBatch>(BlockOptions.Bounded(2));
        outlet.Open(full);
        var copier = new PacketCopier(outlet, settings);
        for (int i = 0; i < 30; i++)
            copier.Add(Packet, i, 60, 1);
        copier.Release();
        Assert.Equal(30, counts.Packets);
        Assert.Equal(22, counts.Shed);
        Assert.Equal(2, full.Count);

        // what was handed on is whole, and there is room again when it is back
        PacketBatch first = await full.ReceiveAsync(TestContext.Current.CancellationToken);
        Assert.Equal([0L, 1, 2, 3], first.Records[..4].Select(static record => record.TimestampNs));
        Assert.Equal(Packet, first.Frame(in first.Records[3]).ToArray());
        first.Recycle();
        copier.Add(Packet, 99, 60, 1);
        copier.HandOn();
        Assert.Equal(22, counts.Shed);
        Assert.Equal(31, counts.Packets);
        _ = await full.ReceiveAsync(TestContext.Current.CancellationToken);
        PacketBatch last = await full.ReceiveAsync(TestContext.Current.CancellationToken);
        // packets that were shed have numbers, too: an id is where a packet came
        Assert.Equal(30, last.Records[0].SourceOffset);
        Assert.Equal(22, last.LostByReader.Shed);
    }

    [Fact]
    public async Task ATickFindsItsWayOrIsLeftOut()
    {
        var settings = new LiveReaderSettings { BatchPackets = 4, Batches = 2 };
        var outlet = new BatchOutlet(
            new LaneSetup("x", 0, 3, new PacketSource(0, "0011223344556677", "interface:x"), new OverloadControl(), settings),
            new ReaderCounts()
        );
        var one = new BufferBlock<PacketBatch>(BlockOptions.Bounded(1));
        outlet.Open(one);
        outlet.Tick(5);
        outlet.Tick(6);
        outlet.Tick(7);
        PacketBatch tick = await one.ReceiveAsync(TestContext.Current.CancellationToken);
        Assert.Equal((5L, 0, (byte)3), (tick.TickNs, tick.Count, tick.ReaderId));
        outlet.Tick(8);
        Assert.Equal(8, (await one.ReceiveAsync(TestContext.Current.CancellationToken)).TickNs);
    }
}
