using System.Threading.Tasks.Dataflow;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Overload;

namespace FlowPipe.Core.Reading;

/// <summary>Turns inputs into batches of packets.</summary>
public interface IPacketReader
{
    /// <summary>What it has read so far; may be read from any thread.</summary>
    ReaderCounts Counts { get; }

    /// <summary>What was read of each input, once reading has ended; empty unless inputs are hashed.</summary>
    IReadOnlyList<SourceSummary> Summaries => [];

    /// <summary>What a run over interfaces needs besides; null for one over files, which waits and never sheds.</summary>
    LiveControl? Live => null;

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
    private long _shed;
    private long _kernelPackets;
    private long _kernelDropped;
    private long _kernelFreezes;

    /// <summary>Packets read.</summary>
    public long Packets => Volatile.Read(ref _packets);

    /// <summary>Bytes of the inputs, decompressed.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Packets that the filter left out.</summary>
    public long Filtered => Volatile.Read(ref _filtered);

    /// <summary>Files or streams begun.</summary>
    public long Sources => Volatile.Read(ref _sources);

    /// <summary>Files or streams that could not be read to their end; each was reported.</summary>
    public long Damaged => Volatile.Read(ref _damaged);

    /// <summary>Of the packets, those that nobody had room for: they were not handed on. Interfaces only.</summary>
    public long Shed => Volatile.Read(ref _shed);

    /// <summary>Packets that the kernel counted for us, those that it dropped included. Interfaces only.</summary>
    public long KernelPackets => Volatile.Read(ref _kernelPackets);

    /// <summary>Of these, those that it dropped: they were never read. Interfaces only.</summary>
    public long KernelDropped => Volatile.Read(ref _kernelDropped);

    /// <summary>How often the kernel found a ring full and took nothing until there was room. Rings only.</summary>
    public long KernelFreezes => Volatile.Read(ref _kernelFreezes);

    /// <summary>Counts packets read.</summary>
    public void AddPackets(long count) => Volatile.Write(ref _packets, _packets + count);

    /// <summary>Counts bytes read.</summary>
    public void AddBytes(long count) => Volatile.Write(ref _bytes, _bytes + count);

    /// <summary>Counts packets left out by the filter.</summary>
    public void AddFiltered(long count) => Volatile.Write(ref _filtered, _filtered + count);

    /// <summary>Counts packets that were read and not handed on.</summary>
    public void AddShed(long count) => Volatile.Write(ref _shed, _shed + count);

    /// <summary>Counts what the kernel says.</summary>
    public void AddKernel(long packets, long dropped, long freezes = 0)
    {
        Volatile.Write(ref _kernelFreezes, _kernelFreezes + freezes);
        Volatile.Write(ref _kernelPackets, _kernelPackets + packets);
        Volatile.Write(ref _kernelDropped, _kernelDropped + dropped);
    }

    /// <summary>Counts a source begun.</summary>
    public void AddSource() => Volatile.Write(ref _sources, _sources + 1);

    /// <summary>Counts a source that could not be read to its end.</summary>
    public void AddDamaged() => Volatile.Write(ref _damaged, _damaged + 1);

    /// <summary>Adds another's to these.</summary>
    internal void Add(ReaderCounts other)
    {
        AddPackets(other.Packets);
        AddBytes(other.Bytes);
        AddFiltered(other.Filtered);
        AddShed(other.Shed);
        AddKernel(other.KernelPackets, other.KernelDropped, other.KernelFreezes);
        _sources += other.Sources;
        _damaged += other.Damaged;
    }
}
