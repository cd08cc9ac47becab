using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Tls;

/// <summary>
/// A message whose pieces come in any order, overlap and repeat (fragments of DTLS, CRYPTO frames of QUIC). Its memory is pooled and bounded.
/// </summary>
/// <param name="limit">Bytes that it holds at most.</param>
internal sealed class FragmentBuffer(int limit)
{
    /// <summary>Pieces apart from each other that are remembered; a sender that leaves more holes is none that wants to be understood.</summary>
    private const int MostPieces = 64;

    private readonly (int Start, int End)[] _pieces = new (int, int)[MostPieces];
    private byte[]? _bytes;
    private int _count;

    /// <summary>What has come without a hole, from the first byte on.</summary>
    public ReadOnlySpan<byte> Whole => _count > 0 && _pieces[0].Start == 0 ? _bytes.AsSpan(0, _pieces[0].End) : default;

    /// <summary>Whether nothing has come.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>Takes a piece.</summary>
    /// <returns>False when it lies beyond the limit, or there are too many holes: it is not taken.</returns>
    public bool Add(Session session, long offset, ReadOnlySpan<byte> piece)
    {
        if (offset < 0 || offset > limit - piece.Length)
            return false;
        int start = (int)offset;
        int end = start + piece.Length;
        if (piece.Length == 0)
            return true;
        if (!TryNote(start, end))
            return false;
        Reserve(session.Pool, end);
        piece.CopyTo(_bytes.AsSpan(start));
        return true;
    }

    /// <summary>Forgets all and gives the memory back.</summary>
    public void Free(Session session)
    {
        if (_bytes is not null)
            session.Pool.Return(_bytes);
        _bytes = null;
        _count = 0;
    }

    /// <summary>Puts a piece in order among those there, made one with those that it touches.</summary>
    private bool TryNote(int start, int end)
    {
        int first = 0;
        while (first < _count && _pieces[first].End < start)
            first++;
        int last = first;
        while (last < _count && _pieces[last].Start <= end)
        {
            start = Math.Min(start, _pieces[last].Start);
            end = Math.Max(end, _pieces[last].End);
            last++;
        }
        if (first == last && _count == MostPieces)
            return false;
        Array.Copy(_pieces, last, _pieces, first + 1, _count - last);
        _pieces[first] = (start, end);
        _count += 1 - (last - first);
        return true;
    }

    private void Reserve(IBytePool pool, int bytes)
    {
        if (_bytes is not null && _bytes.Length >= bytes)
            return;
        byte[] larger = pool.Rent(bytes);
        if (_bytes is not null)
        {
            _bytes.CopyTo(larger.AsSpan());
            pool.Return(_bytes);
        }
        _bytes = larger;
    }
}
