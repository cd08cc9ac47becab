namespace FlowPipe.Core.Writing;

/// <summary>The writer's counters. It alone changes them; anybody may read them.</summary>
public sealed class WriterCounts
{
    private long _buffers;
    private long _packets;
    private long _bytes;
    private long _diskBytes;
    private long _lostPackets;
    private long _opened;
    private long _closed;
    private long _removed;
    private long _removedBytes;

    /// <summary>Buffers that have met their fate.</summary>
    public long Buffers => Volatile.Read(ref _buffers);

    /// <summary>Packets on disk.</summary>
    public long Packets => Volatile.Read(ref _packets);

    /// <summary>Bytes of them with their headers.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>What these take on disk.</summary>
    public long DiskBytes => Volatile.Read(ref _diskBytes);

    /// <summary>Packets that were on the way to a disk that refused them.</summary>
    public long LostPackets => Volatile.Read(ref _lostPackets);

    /// <summary>Files begun.</summary>
    public long Opened => Volatile.Read(ref _opened);

    /// <summary>Files ended.</summary>
    public long Closed => Volatile.Read(ref _closed);

    /// <summary>Files removed to make room.</summary>
    public long Removed => Volatile.Read(ref _removed);

    /// <summary>Bytes that these took on disk.</summary>
    public long RemovedBytes => Volatile.Read(ref _removedBytes);

    internal void AddWritten(long packets, long bytes, long diskBytes)
    {
        Add(ref _packets, packets);
        Add(ref _bytes, bytes);
        Add(ref _diskBytes, diskBytes);
    }

    internal void AddBuffer() => Add(ref _buffers, 1);

    internal void AddLost(long packets) => Add(ref _lostPackets, packets);

    internal void AddOpened() => Add(ref _opened, 1);

    internal void AddClosed() => Add(ref _closed, 1);

    internal void AddRemoved(long bytes)
    {
        Add(ref _removed, 1);
        Add(ref _removedBytes, bytes);
    }

    private static void Add(ref long counter, long count) => Volatile.Write(ref counter, counter + count);
}
