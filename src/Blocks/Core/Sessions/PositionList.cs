using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// Where the packets of a record are: for each packet the distance from the one before it and its length, as varints, in one pooled array;
/// some four bytes a packet. A change of source is an entry of length 0 that holds the source's number.
/// </summary>
internal struct PositionList
{
    private const int LongestEntry = 10 + 5;
    private byte[]? _bytes;
    private int _length;
    private int _source;
    private long _previous;

    /// <summary>Whether there is room for another packet; a record is saved before it runs out.</summary>
    public readonly bool IsFull => _length > BytePool.Largest - (3 * LongestEntry);

    public void Add(BytePool pool, PacketSource source, long offset, int length)
    {
        if (_bytes is null || _bytes.Length - _length < 2 * LongestEntry)
            Grow(pool);
        if (_length == 0 || source.Number != _source)
        {
            _source = source.Number;
            _previous = 0;
            Write(_source);
            Write(0);
        }
        Write(offset - _previous);
        Write(length);
        _previous = offset;
    }

    /// <summary>Forgets all, and keeps the array.</summary>
    public void Clear() => _length = 0;

    /// <summary>Forgets all, and gives the array back.</summary>
    public void Return(BytePool pool)
    {
        if (_bytes is not null)
            pool.Return(_bytes);
        this = default;
    }

    /// <summary>Adds the positions and lengths to a record.</summary>
    public readonly void WriteTo(SpiFields record, CoreFields fields, SourceTable sources, bool lengths, PositionScratch scratch)
    {
        if (_bytes is null || _length == 0)
            return;
        scratch.Clear(_length);
        int at = 0;
        while (at < _length)
        {
            long first = Read(ref at);
            int lengthAt = at;
            long second = Read(ref at);
            if (second == 0)
            {
                scratch.FlushGaps(record, fields);
                scratch.Source = sources[(int)first];
                continue;
            }
            scratch.AddGap(first);
            if (lengths)
                scratch.AddLength(_bytes.AsSpan(lengthAt, at - lengthAt));
        }
        scratch.FlushGaps(record, fields);
        if (lengths)
            record.AddPacked(fields.PacketLen, scratch.LengthCount, scratch.Lengths);
    }

    private void Grow(BytePool pool)
    {
        byte[] larger = pool.Rent(Math.Max(64, (_bytes?.Length ?? 0) * 2));
        if (_bytes is not null)
        {
            _bytes.AsSpan(0, _length).CopyTo(larger);
            pool.Return(_bytes);
        }
        _bytes = larger;
    }

    private void Write(long value) => _length += Varint.Write(_bytes.AsSpan(_length), value);

    private readonly long Read(ref int at) => Varint.Read(_bytes.AsSpan(0, _length), ref at);
}

/// <summary>One partition's room for splitting a position list into gaps and lengths.</summary>
internal sealed class PositionScratch
{
    private byte[] _gaps = new byte[1024];
    private byte[] _lengths = new byte[1024];
    private int _gapsLength;
    private int _gapCount;
    private int _lengthsLength;

    public SourceTable.Entry? Source { get; set; }

    public int LengthCount { get; private set; }

    public ReadOnlySpan<byte> Lengths => _lengths.AsSpan(0, _lengthsLength);

    public void Clear(int bytes)
    {
        if (_gaps.Length < bytes)
        {
            _gaps = new byte[bytes];
            _lengths = new byte[bytes];
        }
        _gapsLength = _gapCount = _lengthsLength = LengthCount = 0;
        Source = null;
    }

    public void AddGap(long gap)
    {
        _gapsLength += Varint.Write(_gaps.AsSpan(_gapsLength), gap);
        _gapCount++;
    }

    public void AddLength(ReadOnlySpan<byte> varint)
    {
        varint.CopyTo(_lengths.AsSpan(_lengthsLength));
        _lengthsLength += varint.Length;
        LengthCount++;
    }

    public void FlushGaps(SpiFields record, CoreFields fields)
    {
        if (_gapCount == 0 || Source is null)
            return;
        record.Begin(fields.PacketPos);
        record.Add(fields.PacketPosSource, Source.Fingerprint);
        record.AddPacked(fields.PacketPosGaps, _gapCount, _gaps.AsSpan(0, _gapsLength));
        record.End(fields.PacketPos);
        record.Add(fields.FileUris, Source.Uri);
        _gapsLength = _gapCount = 0;
    }
}
