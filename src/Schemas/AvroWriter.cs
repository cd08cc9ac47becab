using System.Buffers.Binary;

namespace FlowPipe.Schemas;

/// <summary>Writes Avro's binary form into a span; when there is no room left it latches <see cref="Failed"/> and writes no more.</summary>
internal ref struct AvroWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;
    private int _written;

    public bool Failed { get; private set; }

    public readonly int Written => _written;

    /// <summary>An <c>int</c> or <c>long</c>, a count, an index of a branch.</summary>
    public void Long(long value)
    {
        ulong zigzag = Varint.ZigZag(value);
        if (_destination.Length - _written >= Varint.MaxBytes)
            _written += Varint.WriteShort(_destination.Slice(_written, Varint.MaxBytes), zigzag);
        else if (HasRoom(Varint.Size(zigzag)))
            _written += Varint.Write(_destination[_written..], zigzag);
    }

    public void Double(double value)
    {
        if (!HasRoom(sizeof(double)))
            return;
        BinaryPrimitives.WriteDoubleLittleEndian(_destination[_written..], value);
        _written += sizeof(double);
    }

    public void Utf8(scoped ReadOnlySpan<byte> value)
    {
        Long(value.Length);
        Raw(value);
    }

    /// <summary>An address as the string that RFC 5952 wants.</summary>
    public void Ip(scoped ReadOnlySpan<byte> address)
    {
        Span<byte> text = stackalloc byte[IpText.MaxBytes];
        Utf8(text[..IpText.Write(address, text)]);
    }

    /// <summary>Bytes that are Avro already.</summary>
    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        if (!HasRoom(bytes.Length))
            return;
        bytes.CopyTo(_destination[_written..]);
        _written += bytes.Length;
    }

    private bool HasRoom(int bytes)
    {
        Failed |= bytes > _destination.Length - _written;
        return !Failed;
    }
}
