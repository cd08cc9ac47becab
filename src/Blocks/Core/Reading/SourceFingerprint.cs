using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Reading;

/// <summary>
/// Names a capture by its content: the first eight bytes of SHA-256 over its header and its first packet record (pcapng: the section and interface
/// blocks before it, and the packet block). So it is the same under any path, compressed or not, and after the file has grown.
/// </summary>
internal sealed class SourceFingerprint
{
    private readonly RunningHash _hash = new(BodyHashKind.Sha256);
    private string? _value;

    /// <summary>Whether the first packet has been seen.</summary>
    public bool Complete => _value is not null;

    /// <summary>Sixteen hexadecimal digits; of the header alone while no packet has been seen.</summary>
    public string Value => _value ?? Digits();

    /// <summary>Adds a part of the header.</summary>
    public void Add(ReadOnlySpan<byte> header) => _hash.Append(header);

    /// <summary>Adds the first packet's record, which ends it.</summary>
    public void AddFirstPacket(ReadOnlySpan<byte> record)
    {
        _hash.Append(record);
        _value = Digits();
    }

    private string Digits()
    {
        Span<byte> digest = stackalloc byte[ShortHash.Sha256Bytes];
        _hash.Current(digest);
        return BinaryPrimitives.ReadUInt64BigEndian(digest).ToString("x16");
    }
}
