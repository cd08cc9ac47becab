namespace FlowPipe.Core.Sessions.Tcp;

/// <summary>
/// Where a partition keeps the segments that came too early. Its pages are of the partition's pool, so the memory cap sees them; all together
/// they have a limit of their own (Suricata's <c>stream.reassembly.memcap</c>, split over the partitions).
/// </summary>
internal sealed class SegmentStore(BytePool pool, long memcap)
{
    /// <summary>What a segment takes besides its page.</summary>
    private const int Overhead = 48;

    private const int MostSpare = 64;
    private readonly Stack<HeldSegments> _spare = new();

    /// <summary>Bytes held now.</summary>
    public long Bytes { get; private set; }

    /// <summary>Gaps that were given up so far.</summary>
    public long Gaps { get; set; }

    /// <summary>Whether it holds more than it may.</summary>
    public bool IsFull => Bytes > memcap;

    public static long CostOf(in HeldSegment segment) => Overhead + (segment.Page?.Length ?? 0);

    public HeldSegments Take() => _spare.TryPop(out HeldSegments? held) ? held : new HeldSegments();

    /// <summary>Takes a session's segments back, empty or not.</summary>
    public void Return(HeldSegments held)
    {
        held.Clear(this);
        if (_spare.Count < MostSpare)
            _spare.Push(held);
    }

    /// <summary>Copies bytes for a segment.</summary>
    public HeldSegment Copy(ReadOnlySpan<byte> bytes)
    {
        byte[]? page = bytes.Length == 0 ? null : pool.Rent(bytes.Length);
        bytes.CopyTo(page);
        var segment = new HeldSegment { Page = page, Kept = bytes.Length };
        Bytes += CostOf(in segment);
        return segment;
    }

    public void Free(in HeldSegment segment)
    {
        Bytes -= CostOf(in segment);
        if (segment.Page is not null)
            pool.Return(segment.Page);
    }
}
