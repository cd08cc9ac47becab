using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// Where the packets of a record are, in the form that the record has them in, so that a save only copies: the distance of each packet from
/// the one before it, and its length; some two bytes each.
/// <code>
/// gaps      varint a packet; the first of each source is the offset itself
/// lengths   varint a packet; empty when records leave them out
/// parts     source, packets, bytes of gaps: for each source but the last, as a session seldom has a second
/// </code>
/// </summary>
internal struct PositionList
{
    /// <summary>What the packets of one datagram may take of any list, with room to spare.</summary>
    private const int Reserve = 64 * Enqueue.Fragments.FragmentTable.MaxPackets;

    private VarintList _gaps;
    private VarintList _lengths;
    private VarintList _parts;
    private int _source;
    private int _packets;
    private int _partPackets;
    private int _partStart;
    private long _previous;

    /// <summary>Whether there is no room for another packet; a record is saved then.</summary>
    public readonly bool IsFull => Math.Max(_gaps.Length, Math.Max(_lengths.Length, _parts.Length)) > BytePool.Largest - Reserve;

    public void Add(BytePool pool, SourceTable sources, PacketSource source, long offset, int length)
    {
        if (_partPackets == 0 || source.Number != _source)
        {
            sources.Hold(source);
            StartPart(pool, source.Number);
        }
        _gaps.Add(pool, offset - _previous);
        _lengths.Add(pool, length);
        _previous = offset;
        _partPackets++;
        _packets++;
    }

    /// <summary>Forgets all, and keeps the arrays.</summary>
    public void Clear(SourceTable sources)
    {
        Release(sources);
        _gaps.Clear();
        _lengths.Clear();
        _parts.Clear();
        _packets = _partPackets = _partStart = 0;
    }

    /// <summary>Forgets all, and gives the arrays back.</summary>
    public void Return(BytePool pool, SourceTable sources)
    {
        Release(sources);
        _gaps.Return(pool);
        _lengths.Return(pool);
        _parts.Return(pool);
        this = default;
    }

    /// <summary>Adds the positions and, if wanted, the lengths to a record.</summary>
    [MethodImpl(HotPath.Options)]
    public readonly void WriteTo(SpiFields record, CoreFields fields, SourceTable sources, bool lengths)
    {
        if (_packets == 0)
            return;
        ReadOnlySpan<byte> gaps = _gaps.Bytes;
        ReadOnlySpan<byte> parts = _parts.Bytes;
        int at = 0;
        while (at < parts.Length)
        {
            SourceTable.Entry source = sources[(int)Varint.ReadZigZag(parts, ref at)];
            var packets = (int)Varint.ReadZigZag(parts, ref at);
            var length = (int)Varint.ReadZigZag(parts, ref at);
            WritePart(record, fields, source, packets, gaps[..length]);
            gaps = gaps[length..];
        }
        WritePart(record, fields, sources[_source], _partPackets, gaps);
        if (lengths)
            record.AddPacked(fields.PacketLen, _packets, _lengths.Bytes);
    }

    private static void WritePart(SpiFields record, CoreFields fields, SourceTable.Entry source, int packets, ReadOnlySpan<byte> gaps)
    {
        record.Begin(fields.PacketPos);
        record.Add(fields.PacketPosSource, source.Fingerprint);
        record.AddPacked(fields.PacketPosGaps, packets, gaps);
        record.End(fields.PacketPos);
        record.Add(fields.FileUris, source.Uri);
    }

    private readonly void Release(SourceTable sources)
    {
        if (_partPackets == 0)
            return;
        ReadOnlySpan<byte> parts = _parts.Bytes;
        int at = 0;
        while (at < parts.Length)
        {
            sources.Release((int)Varint.ReadZigZag(parts, ref at));
            Varint.ReadZigZag(parts, ref at);
            Varint.ReadZigZag(parts, ref at);
        }
        sources.Release(_source);
    }

    private void StartPart(BytePool pool, int source)
    {
        if (_partPackets > 0)
        {
            _parts.Add(pool, _source);
            _parts.Add(pool, _partPackets);
            _parts.Add(pool, _gaps.Length - _partStart);
        }
        _source = source;
        _partPackets = 0;
        _partStart = _gaps.Length;
        _previous = 0;
    }
}
