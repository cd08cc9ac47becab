using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Tcp;

/// <summary>A segment that waits for an earlier one: its place in the stream, and a copy of its bytes.</summary>
internal struct HeldSegment
{
    public uint Sequence;
    public uint Acknowledged;
    public int Length;
    public int Kept; // bytes in the page, from the front: all, or what payload8 may need
    public long Arrival;
    public byte[]? Page; // of the store; null where nobody will look
}

/// <summary>Segments of one session that came too early, by side, in the order of the stream. How many there may be is its owner's to say.</summary>
internal sealed class HeldSegments
{
    private readonly List<HeldSegment> _client = [];
    private readonly List<HeldSegment> _server = [];
    private long _arrivals;

    /// <summary>The "now" at which the first came, or the last of them found its place.</summary>
    public long SinceNs;

    public int Count => _client.Count + _server.Count;

    /// <summary>Bytes that they take.</summary>
    public long Bytes { get; private set; }

    public void Add(Side side, HeldSegment segment, SegmentStore store)
    {
        List<HeldSegment> list = Of(side);
        segment.Arrival = _arrivals++;
        int at = list.Count;
        while (at > 0 && (int)(list[at - 1].Sequence - segment.Sequence) > 0)
            at--;
        if (at > 0 && list[at - 1].Sequence == segment.Sequence)
        {
            // The same place in the stream again: the longer one wins.
            if (segment.Length <= list[at - 1].Length)
            {
                store.Free(in segment);
                return;
            }
            Bytes -= SegmentStore.CostOf(list[at - 1]);
            store.Free(list[at - 1]);
            list[at - 1] = segment;
        }
        else
            list.Insert(at, segment);
        Bytes += SegmentStore.CostOf(in segment);
    }

    /// <summary>The first in the stream of a side.</summary>
    public bool TryPeek(Side side, out HeldSegment segment)
    {
        List<HeldSegment> list = Of(side);
        segment = list.Count > 0 ? list[0] : default;
        return list.Count > 0;
    }

    /// <summary>Takes the first out; to free it is then the caller's.</summary>
    public void RemoveFirst(Side side)
    {
        List<HeldSegment> list = Of(side);
        Bytes -= SegmentStore.CostOf(list[0]);
        list.RemoveAt(0);
    }

    /// <summary>Frees all, and the memory that an unusual number of them has taken.</summary>
    public void Clear(SegmentStore store)
    {
        Clear(_client, store);
        Clear(_server, store);
        Bytes = 0;
        _arrivals = 0;
    }

    private static void Clear(List<HeldSegment> list, SegmentStore store)
    {
        const int Usual = 64;
        foreach (HeldSegment segment in list)
            store.Free(in segment);
        list.Clear();
        if (list.Capacity > Usual)
            list.Capacity = 0;
    }

    private List<HeldSegment> Of(Side side) => side == Side.Client ? _client : _server;
}
