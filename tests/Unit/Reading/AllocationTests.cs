using System.Threading.Tasks.Dataflow;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Reading;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

/// <summary>Counts what the whole process allocates, so nothing may run beside it.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(Alone))]
public sealed class AllocationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LessThanAByteAPacket(bool pcapng)
    {
        const int Packets = 1_000_000;
        CapturedPacket packet = SamplePackets.Make([60])[0];
        byte[] head = pcapng ? new PcapngBuilder().Section().Interface().ToArray() : new PcapBuilder().ToArray();
        byte[] first = pcapng
            ? new PcapngBuilder().Section().Interface().Packet(0, packet).ToArray()
            : new PcapBuilder().Add(packet).ToArray();
        string path = Path.Combine(_folder.Path, "million");
        await using (FileStream file = File.Create(path))
        {
            file.Write(head);
            for (int i = 0; i < Packets; i++)
                file.Write(first.AsSpan(head.Length..));
        }
        await ReadAsync(path);

        long before = GC.GetTotalAllocatedBytes(precise: true);
        long packets = await ReadAsync(path);
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

        Assert.Equal(Packets, packets);
        long pools = Pools * ((1 << 20) + (1_024 * 2L * 96)); // made anew by each reader, once
        Assert.InRange(allocated - pools, long.MinValue, Packets);
    }

    private const int Pools = 4;

    private static async Task<long> ReadAsync(string path)
    {
        using FilePacketReader reader = new(
            new FileReaderSettings
            {
                Inputs = [new CaptureInput(path)],
                Blocks = Pools,
                Batches = Pools,
            }
        );
        ActionBlock<PacketBatch> enqueue = new(batch => batch.Recycle(), BlockOptions.Bounded(16));
        await reader.ReadAsync(enqueue, CancellationToken.None);
        enqueue.Complete();
        await enqueue.Completion;
        return reader.Counts.Packets;
    }
}
