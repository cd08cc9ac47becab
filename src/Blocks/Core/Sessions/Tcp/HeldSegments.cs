using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Tcp;

/// <summary>A segment that waits for an earlier one: its place in the stream, and as much of it as <c>payload8</c> may need.</summary>
internal struct HeldSegment
{
    public uint Sequence;
    public uint Acknowledged;
    public int Length;
    public long Arrival;
    public ulong First;
    public byte FirstLength;
}

/// <summary>Segments that came too early, by side, in the order of the stream. Bounded by <c>maxTcpOutOfOrderPackets</c>.</summary>
internal sealed class HeldSegments
{
    private readonly List<HeldSegment> _client = [];
    private readonly List<HeldSegment> _server = [];
    private long _arrivals;

    public int Count => _client.Count + _server.Count;

    public void Add(Side side, HeldSegment segment)
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
                list[at - 1] = segment;
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

    public void RemoveFirst(Side side) => Of(side).RemoveAt(0);

    public void Clear()
    {
        _client.Clear();
        _server.Clear();
    }

    private List<HeldSegment> Of(Side side) => side == Side.Client ? _client : _server;
}
