using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Reading;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>Packets of one source.</summary>
internal sealed record MemorySource(IReadOnlyList<CapturedPacket> Packets, int LinkType = 1, string Fingerprint = "00112233aabbccdd");

/// <summary>Hands on packets that were made in memory, in batches of given sizes, and knows whether all memory came back.</summary>
internal sealed class MemoryReader(params MemorySource[] sources) : IPacketReader
{
    private const int FileHeader = 24;
    private const int RecordHeader = 16;
    private int _lent;

    public ReaderCounts Counts { get; } = new();

    /// <summary>Packets of each batch, over and over.</summary>
    public IReadOnlyList<int> BatchSizes { get; init; } = [7];

    /// <summary>Throws this after so many packets.</summary>
    public (int Packets, Exception Fault)? FailAfter { get; init; }

    /// <summary>Begins again at the first source's first packet until told to stop; how it then ends.</summary>
    public EndOfEndless? Endless { get; init; }

    /// <summary>Batches whose memory has not come back.</summary>
    public int Lent => Volatile.Read(ref _lent);

    public async Task ReadAsync(ITargetBlock<PacketBatch> enqueue, CancellationToken stop)
    {
        int turn = 0;
        do
        {
            for (int number = 0; number < sources.Length; number++)
            {
                MemorySource from = sources[number];
                var source = new PacketSource(number, from.Fingerprint, $"file:///{number}");
                long offset = FileHeader;
                for (int next = 0; next < from.Packets.Count; )
                {
                    if (stop.IsCancellationRequested)
                    {
                        if (Endless == EndOfEndless.Throws)
                            throw new OperationCanceledException(stop);
                        return;
                    }
                    int size = Math.Min(BatchSizes[turn++ % BatchSizes.Count], from.Packets.Count - next);
                    PacketBatch batch = Batch(from, source, next, size, ref offset);
                    if (!await enqueue.SendAsync(batch, CancellationToken.None))
                        return;
                    Counts.AddPackets(size);
                    next += size;
                    if (FailAfter is { } fail && Counts.Packets >= fail.Packets)
                        throw fail.Fault;
                }
            }
        } while (Endless is not null);
    }

    private PacketBatch Batch(MemorySource from, PacketSource source, int first, int count, ref long offset)
    {
        byte[] bytes = [.. from.Packets.Skip(first).Take(count).SelectMany(packet => packet.Data)];
        var block = new MemoryBlock(bytes, () => Interlocked.Decrement(ref _lent));
        block.Lend(1);
        Interlocked.Increment(ref _lent);
        var batch = new PacketBatch(Math.Max(1, count), null)
        {
            Block = block,
            Source = source,
            Count = count,
        };
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            CapturedPacket packet = from.Packets[first + i];
            batch.Records[i] = new PacketRecord
            {
                TimestampNs = packet.TimestampNs,
                SourceOffset = offset,
                DataOffset = at,
                CapturedLength = packet.Data.Length,
                OriginalLength = packet.OriginalLength,
                LinkType = (ushort)from.LinkType,
            };
            at += packet.Data.Length;
            offset += RecordHeader + packet.Data.Length;
        }
        return batch;
    }
}

/// <summary>What an endless reader does when it is told to stop.</summary>
internal enum EndOfEndless
{
    Returns,
    Throws,
}
