using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace FlowPipe.Schemas;

/// <summary>Writes Avro's binary form into a span; when there is no room left it latches <see cref="Failed"/> and writes no more.</summary>
internal ref struct AvroWriter(Span<byte> destination)
{
    private Span<byte> _rest = destination;

    public bool Failed { get; private set; }

    /// <summary>Bytes of the destination that are still free.</summary>
    public readonly int Left => _rest.Length;

    /// <summary>An <c>int</c> or <c>long</c>, a count, an index of a branch. Most take one byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Long(long value)
    {
        ulong zigzag = Varint.ZigZag(value);
        if (zigzag < 0x80)
            Byte((byte)zigzag);
        else
            Longer(zigzag);
    }

    /// <summary>A <c>boolean</c>, or any other byte.</summary>
    public void Byte(byte value)
    {
        if (!HasRoom(1))
            return;
        _rest[0] = value;
        _rest = _rest[1..];
    }

    public void Double(double value)
    {
        if (!HasRoom(sizeof(double)))
            return;
        BinaryPrimitives.WriteDoubleLittleEndian(_rest, value);
        _rest = _rest[sizeof(double)..];
    }

    public void Utf8(scoped ReadOnlySpan<byte> value)
    {
        Long(value.Length);
        Raw(value);
    }

    /// <summary>An address as the string that RFC 5952 wants.</summary>
    public void Ip(scoped ReadOnlySpan<byte> address)
    {
        if (_rest.Length > IpText.MaxBytes)
        {
            // so short a text that its length takes one byte: in place
            int length = IpText.Write(address, _rest[1..]);
            _rest[0] = (byte)Varint.ZigZag(length);
            _rest = _rest[(1 + length)..];
            return;
        }
        Span<byte> text = stackalloc byte[IpText.MaxBytes];
        Utf8(text[..IpText.Write(address, text)]);
    }

    /// <summary>Bytes that are Avro already.</summary>
    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        if (!HasRoom(bytes.Length))
            return;
        bytes.CopyTo(_rest);
        _rest = _rest[bytes.Length..];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Longer(ulong zigzag)
    {
        if (_rest.Length >= Varint.MaxBytes || HasRoom(Varint.Size(zigzag)))
            _rest = _rest[Varint.Write(_rest, zigzag)..];
    }

    private bool HasRoom(int bytes)
    {
        if (bytes <= _rest.Length)
            return true;
        Failed = true;
        _rest = default;
        return false;
    }
}
