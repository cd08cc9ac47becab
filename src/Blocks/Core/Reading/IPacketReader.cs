using System.Threading.Tasks.Dataflow;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Reading;

/// <summary>Turns inputs into batches of packets.</summary>
public interface IPacketReader
{
    /// <summary>What it has read so far; may be read from any thread.</summary>
    ReaderCounts Counts { get; }

    /// <summary>Reads to the end, or until told to stop, and hands batches on; waits while enqueue is full.</summary>
    Task ReadAsync(ITargetBlock<PacketBatch> enqueue, CancellationToken stop);
}

/// <summary>What a reader has read. Written by the reader alone.</summary>
public sealed class ReaderCounts
{
    private long _packets;
    private long _bytes;
    private long _filtered;
    private long _sources;
    private long _damaged;

    /// <summary>Packets handed on.</summary>
    public long Packets => Volatile.Read(ref _packets);

    /// <summary>Bytes of the inputs, decompressed.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Packets that the filter left out.</summary>
    public long Filtered => Volatile.Read(ref _filtered);

    /// <summary>Files or streams begun.</summary>
    public long Sources => Volatile.Read(ref _sources);

    /// <summary>Files or streams that could not be read to their end; each was reported.</summary>
    public long Damaged => Volatile.Read(ref _damaged);

    /// <summary>Counts packets handed on.</summary>
    public void AddPackets(long count) => Volatile.Write(ref _packets, _packets + count);

    /// <summary>Counts bytes read.</summary>
    public void AddBytes(long count) => Volatile.Write(ref _bytes, _bytes + count);

    /// <summary>Counts packets left out by the filter.</summary>
    public void AddFiltered(long count) => Volatile.Write(ref _filtered, _filtered + count);

    /// <summary>Counts a source begun.</summary>
    public void AddSource() => Volatile.Write(ref _sources, _sources + 1);

    /// <summary>Counts a source that could not be read to its end.</summary>
    public void AddDamaged() => Volatile.Write(ref _damaged, _damaged + 1);
}
