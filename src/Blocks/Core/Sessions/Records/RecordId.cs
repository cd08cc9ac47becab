using System.Buffers.Binary;
using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions.Records;

/// <summary>
/// The id of a record: the first 128 bits of SHA-256 over
/// <code>
/// node, UTF-8 | 00 | source's fingerprint, ASCII | 00 | offset (8) | time, ns (8) | segment (4) | the session's key
/// </code>
/// offset and time being those of the session's first packet, all numbers big-endian. So it is the same whenever the same packets are read,
/// whatever the partitions, the path or the compression. Where the addresses must not be told, HMAC-SHA-256 takes the place of SHA-256: all
/// else that goes into the hash is in the record or easy to guess.
/// </summary>
internal sealed class RecordId
{
    private readonly byte[] _buffer;
    private readonly int _prefix;
    private readonly FieldHasher? _keyed;

    public RecordId(string node, FieldHasher? keyed)
    {
        _keyed = keyed;
        byte[] name = Encoding.UTF8.GetBytes(node);
        _buffer = new byte[name.Length + 1 + 64 + 1 + 8 + 8 + 4 + SessionKey.MaxLength];
        name.CopyTo(_buffer, 0);
        _prefix = name.Length + 1;
    }

    public Guid Of(FlowSession session, int segment)
    {
        Span<byte> buffer = _buffer;
        int length = _prefix;
        ReadOnlySpan<byte> source = session.BeganSource.FingerprintUtf8;
        source.CopyTo(buffer[length..]);
        length += source.Length;
        buffer[length++] = 0;
        BinaryPrimitives.WriteInt64BigEndian(buffer[length..], session.BeganOffset);
        BinaryPrimitives.WriteInt64BigEndian(buffer[(length + 8)..], session.BeganNs);
        BinaryPrimitives.WriteInt32BigEndian(buffer[(length + 16)..], segment);
        length += 20;
        length += SessionKey.Write(session, buffer[length..]);
        Span<byte> digest = stackalloc byte[ShortHash.Sha256Bytes];
        if (_keyed is not null)
            _keyed.Hash(buffer[..length], digest);
        else
            ShortHash.Sha256(buffer[..length], digest);
        return new Guid(digest[..16], bigEndian: true);
    }
}
