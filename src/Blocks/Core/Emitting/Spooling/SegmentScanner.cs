namespace FlowPipe.Core.Emitting.Spooling;

/// <summary>
/// Goes through a segment's entries in order. What has no right checksum is passed over up to the next entry that has one and whose number can
/// come here, so that damage costs what it has hit.
/// </summary>
internal sealed class SegmentScanner
{
    private const int Window = 256 * 1024;
    private readonly SpoolSegment _segment;
    private byte[] _buffer = [];
    private long _bufferAt;
    private int _bufferLength;
    private long _expected;

    /// <param name="segment">The segment.</param>
    public SegmentScanner(SpoolSegment segment)
    {
        _segment = segment;
        _expected = segment.First;
        Offset = SpoolSegment.HeaderLength;
    }

    /// <summary>Where the next entry begins, if there is one.</summary>
    public long Offset { get; private set; }

    /// <summary>Bytes passed over so far.</summary>
    public long DamagedBytes { get; private set; }

    /// <summary>The entry's body, until the next call.</summary>
    public ReadOnlySpan<byte> Body => _buffer.AsSpan(_bodyAt, _bodyLength);

    private int _bodyAt;
    private int _bodyLength;

    /// <summary>Finds the next entry.</summary>
    /// <param name="limit">Where the segment ends for now.</param>
    /// <returns>False when there is none before it.</returns>
    public bool Next(long limit)
    {
        for (long at = Offset; at + SpoolEntry.PrefixLength + SpoolEntry.BodyMin <= limit; at++)
        {
            int length = LengthAt(at, limit);
            if (length == 0)
                continue;
            DamagedBytes += at - Offset;
            Offset = at + SpoolEntry.PrefixLength + length;
            _expected = SpoolEntry.SequenceOf(Body) + 1;
            return true;
        }
        return false;
    }

    /// <summary>The body's length, where a whole entry begins; else 0.</summary>
    private int LengthAt(long at, long limit)
    {
        // Enough to see whether it can be one at all: most places can't.
        const int least = SpoolEntry.PrefixLength + sizeof(long);
        if (!Have(at, least, limit))
            return 0;
        ReadOnlySpan<byte> prefix = _buffer.AsSpan((int)(at - _bufferAt), least);
        int length = SpoolEntry.BodyLength(prefix);
        if (length == 0 || at + SpoolEntry.PrefixLength + length > limit)
            return 0;
        long sequence = SpoolEntry.SequenceOf(prefix[SpoolEntry.PrefixLength..]);
        if (sequence < _expected || (_segment.IsSealed && _segment.Entries > 0 && sequence >= _segment.End))
            return 0;
        if (sequence - _expected > limit) // more than there can be bytes
            return 0;
        if (!Have(at, SpoolEntry.PrefixLength + length, limit))
            return 0;
        int start = (int)(at - _bufferAt);
        ReadOnlySpan<byte> body = _buffer.AsSpan(start + SpoolEntry.PrefixLength, length);
        if (!SpoolEntry.IsWhole(_buffer.AsSpan(start, SpoolEntry.PrefixLength), body))
            return 0;
        _bodyAt = start + SpoolEntry.PrefixLength;
        _bodyLength = length;
        return length;
    }

    private bool Have(long at, int length, long limit)
    {
        if (at + length > limit)
            return false;
        if (at >= _bufferAt && at + length <= _bufferAt + _bufferLength)
            return true;
        if (_buffer.Length < length)
            _buffer = GC.AllocateUninitializedArray<byte>(Math.Max(length, Window));
        _bufferAt = at;
        _bufferLength = _segment.Read(_buffer.AsSpan(0, (int)Math.Min(_buffer.Length, limit - at)), at);
        return length <= _bufferLength;
    }
}
