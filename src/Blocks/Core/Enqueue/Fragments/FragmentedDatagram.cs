using System.Runtime.InteropServices;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Sessions;

namespace FlowPipe.Core.Enqueue.Fragments;

/// <summary>
/// A datagram of which some fragments have come. What has come first stays: later fragments only fill gaps, as most receivers do it, so
/// nobody can change afterwards what has been seen; and a fragment that contradicts the length known so far is refused. Pooled.
/// </summary>
internal sealed class FragmentedDatagram
{
    private readonly List<Piece> _pieces = []; // by start, none overlapping another
    private readonly List<FragmentPacket> _packets = [];
    private int _covered;
    private int _end = -1;
    private int _reach;

    public FragmentKey Key;
    public long DeadlineNs;
    public FragmentedDatagram? Older;
    public FragmentedDatagram? Newer;

    /// <summary>IPv6: what the first fragment names as the next header (RFC 8200 section 4.5).</summary>
    public byte NextHeader;

    /// <summary>The packets so far.</summary>
    public ReadOnlySpan<FragmentPacket> Packets => CollectionsMarshal.AsSpan(_packets);

    /// <summary>Whether nothing is missing.</summary>
    public bool IsWhole => _end >= 0 && _covered == _end;

    /// <summary>Bytes of the whole.</summary>
    public int Length => _end;

    /// <summary>Whether a fragment agrees with what is known of the length.</summary>
    public bool Fits(int end, bool more) => _end >= 0 ? (more ? end <= _end : end == _end) : more || end >= _reach;

    /// <summary>Adds a packet.</summary>
    public void Add(in FragmentPacket packet) => _packets.Add(packet);

    /// <summary>Adds what is new of a fragment that fits.</summary>
    /// <param name="pool">Where the copy goes.</param>
    /// <param name="start">Its place.</param>
    /// <param name="end">Its end.</param>
    /// <param name="more">Whether it is not the last.</param>
    /// <param name="captured">As much of it as was captured.</param>
    public void Add(BytePool pool, int start, int end, bool more, ReadOnlySpan<byte> captured)
    {
        if (!more)
            _end = end;
        _reach = Math.Max(_reach, end);
        int index = 0;
        for (int from = start; from < end; )
        {
            if (index < _pieces.Count && _pieces[index].Start <= from)
            {
                from = Math.Max(from, _pieces[index].End);
                index++;
                continue;
            }
            int to = index < _pieces.Count ? Math.Min(end, _pieces[index].Start) : end;
            ReadOnlySpan<byte> bytes = captured[Math.Min(from - start, captured.Length)..Math.Min(to - start, captured.Length)];
            byte[]? copy = null;
            if (!bytes.IsEmpty)
                bytes.CopyTo(copy = pool.Rent(bytes.Length));
            _pieces.Insert(index++, new Piece(from, to, copy, bytes.Length));
            _covered += to - from;
            from = to;
        }
    }

    /// <summary>Bytes from the beginning, up to the first that was not captured.</summary>
    public int Captured
    {
        get
        {
            int captured = 0;
            foreach (ref readonly Piece piece in CollectionsMarshal.AsSpan(_pieces))
            {
                captured += piece.Captured;
                if (piece.Captured < piece.End - piece.Start)
                    break;
            }
            return captured;
        }
    }

    /// <summary>Writes as many bytes as were captured.</summary>
    public void CopyTo(Span<byte> destination)
    {
        foreach (ref readonly Piece piece in CollectionsMarshal.AsSpan(_pieces))
        {
            if (piece.Start >= destination.Length)
                return;
            piece.Bytes.AsSpan(0, piece.Captured).CopyTo(destination[piece.Start..]);
        }
    }

    /// <summary>Forgets all and gives the memory back.</summary>
    public void Clear(BytePool pool)
    {
        foreach (ref readonly Piece piece in CollectionsMarshal.AsSpan(_pieces))
        {
            if (piece.Bytes is not null)
                pool.Return(piece.Bytes);
        }
        foreach (ref readonly FragmentPacket packet in Packets)
        {
            if (packet.Kept is not null)
                pool.Return(packet.Kept);
        }
        _pieces.Clear();
        _packets.Clear();
        _covered = 0;
        _end = -1;
        _reach = 0;
        NextHeader = 0;
        Older = Newer = null;
    }

    private readonly record struct Piece(int Start, int End, byte[]? Bytes, int Captured);
}
