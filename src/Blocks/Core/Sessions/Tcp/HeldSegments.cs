using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Tcp;

/// <summary>A segment that waits for an earlier one: its place in the stream, and a copy of its bytes.</summary>
internal struct HeldSegment
{
    public uint Sequence;
    public uint Acknowledged;
    public int Length;
    public long Arrival;
    public byte[]? Page; // pooled; null where nobody will look
    public int Kept; // bytes in it, from the front: all, or what payload8 may need
}

/// <summary>Segments that came too early, by side, in the order of the stream. Bounded by <c>maxTcpOutOfOrderPackets</c>.</summary>
internal sealed class HeldSegments
{
    private readonly List<HeldSegment> _client = [];
    private readonly List<HeldSegment> _server = [];
    private long _arrivals;

    public int Count => _client.Count + _server.Count;

    public void Add(Side side, HeldSegment segment, BytePool pool)
    {
        List<HeldSegment> list = Of(side);
        segment.Arrival = _arrivals++;
        int at = list.Count;
        while (at > 0 && (int)(list[at - 1].Sequence - segment.Sequence) > 0)
            at--;
        if (at > 0 && list[at - 1].Sequence == segment.Sequence)
        {
            // The same place in the stream again: the longer one wins.
            if (segment.Length > list[at - 1].Length)
            {
                Return(list[at - 1], pool);
                list[at - 1] = segment;
            }
            else
                Return(segment, pool);
            return;
        }
        list.Insert(at, segment);
    }

    /// <summary>The first in the stream of a side.</summary>
    public bool TryPeek(Side side, out HeldSegment segment)
    {
        List<HeldSegment> list = Of(side);
        segment = list.Count > 0 ? list[0] : default;
        return list.Count > 0;
    }

    /// <summary>Takes the first out; its page is then the caller's.</summary>
    public void RemoveFirst(Side side) => Of(side).RemoveAt(0);

    public void Clear(BytePool pool)
    {
        Clear(_client, pool);
        Clear(_server, pool);
    }

    public static void Return(in HeldSegment segment, BytePool pool)
    {
        if (segment.Page is not null)
            pool.Return(segment.Page);
    }

    private static void Clear(List<HeldSegment> list, BytePool pool)
    {
        foreach (HeldSegment segment in list)
            Return(segment, pool);
        list.Clear();
    }

    private List<HeldSegment> Of(Side side) => side == Side.Client ? _client : _server;
}
