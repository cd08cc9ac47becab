using System.Buffers.Binary;

namespace FlowPipe.Abstractions;

/// <summary>
/// Reads fields in network byte order from borrowed bytes. A read past the end yields zeros and latches <see cref="Failed"/>, so that a parser
/// reads a whole header and asks once at its end.
/// </summary>
/// <param name="data">The bytes to read.</param>
public ref struct PacketReader(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data;

    /// <summary>Whether any read went past the end.</summary>
    public bool Failed { get; private set; }

    /// <summary>Bytes that are left.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>The bytes that are left, unread.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>One byte.</summary>
    public byte U8() => Take(1) is [var value] ? value : (byte)0;

    /// <summary>Two bytes, big-endian.</summary>
    public ushort U16() => Take(2) is { Length: 2 } bytes ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : (ushort)0;

    /// <summary>Three bytes, big-endian.</summary>
    public uint U24() => Take(3) is [var a, var b, var c] ? (uint)((a << 16) | (b << 8) | c) : 0;

    /// <summary>Four bytes, big-endian.</summary>
    public uint U32() => Take(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : 0;

    /// <summary>Eight bytes, big-endian.</summary>
    public ulong U64() => Take(8) is { Length: 8 } bytes ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : 0;

    /// <summary>Two bytes, little-endian.</summary>
    public ushort U16Le() => Take(2) is { Length: 2 } bytes ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : (ushort)0;

    /// <summary>Four bytes, little-endian.</summary>
    public uint U32Le() => Take(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;

    /// <summary>Eight bytes, little-endian.</summary>
    public ulong U64Le() => Take(8) is { Length: 8 } bytes ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;

    /// <summary>The next byte, not taken; 0 at the end, which is no failure.</summary>
    public readonly byte Peek => _rest.Length > 0 ? _rest[0] : (byte)0;

    /// <summary>The bytes before the next one of this value, which is stepped over too; when there is none it fails.</summary>
    public ReadOnlySpan<byte> TakeUntil(byte end)
    {
        int length = _rest.IndexOf(end);
        if (length < 0)
            return Take(-1);
        ReadOnlySpan<byte> taken = _rest[..length];
        _rest = _rest[(length + 1)..];
        return taken;
    }

    /// <summary>All that is left.</summary>
    public ReadOnlySpan<byte> TakeRest() => Take(_rest.Length);

    /// <summary>Latches <see cref="Failed"/>, for what is wrong by its value.</summary>
    public void Fail() => Take(-1);

    /// <summary>Steps over bytes.</summary>
    public void Skip(int count) => Take(count);

    /// <summary>The next bytes, borrowed; empty when there are not so many.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)_rest.Length)
        {
            Failed = true;
            _rest = default;
            return default;
        }
        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
