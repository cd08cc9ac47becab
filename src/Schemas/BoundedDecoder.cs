using System.Buffers.Binary;
using System.Text;

namespace FlowPipe.Schemas;

/// <summary>
/// Reads Avro's binary form from memory for Apache.Avro, whose own decoder believes any length: here a length or count that the bytes
/// left can't hold is an error before anything is allocated for it.
/// </summary>
internal sealed class BoundedDecoder(ReadOnlyMemory<byte> data) : Avro.IO.Decoder
{
    private readonly ReadOnlyMemory<byte> _data = data;
    private int _at;

    public int Remaining => _data.Length - _at;

    public void ReadNull() { }

    public bool ReadBoolean() =>
        Take(1)[0] switch
        {
            0 => false,
            1 => true,
            byte other => throw Malformed($"{other} is no boolean"),
        };

    public int ReadInt()
    {
        long value = ReadLong();
        return value == (int)value ? (int)value : throw Malformed($"{value} does not fit an int");
    }

    public long ReadLong() =>
        Varint.TryRead(_data.Span, ref _at, out ulong value) ? Varint.UnZigZag(value) : throw Malformed("an integer does not end");

    public float ReadFloat() => BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float)));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double)));

    public byte[] ReadBytes() => Take(ReadLong()).ToArray();

    public string ReadString() => Encoding.UTF8.GetString(Take(ReadLong()));

    public int ReadEnum() => ReadInt();

    public long ReadArrayStart() => ReadCount();

    public long ReadArrayNext() => ReadCount();

    public long ReadMapStart() => ReadCount();

    public long ReadMapNext() => ReadCount();

    public int ReadUnionIndex() => ReadInt();

    public void ReadFixed(byte[] buffer) => ReadFixed(buffer, 0, buffer.Length);

    public void ReadFixed(byte[] buffer, int start, int length) => Take(length).CopyTo(buffer.AsSpan(start));

    public void SkipNull() { }

    public void SkipBoolean() => Take(1);

    public void SkipInt() => ReadInt();

    public void SkipLong() => ReadLong();

    public void SkipFloat() => Take(sizeof(float));

    public void SkipDouble() => Take(sizeof(double));

    public void SkipBytes() => Take(ReadLong());

    public void SkipString() => Take(ReadLong());

    public void SkipEnum() => ReadInt();

    public void SkipUnionIndex() => ReadInt();

    public void SkipFixed(int len) => Take(len);

    private ReadOnlySpan<byte> Take(long length)
    {
        if (length < 0 || length > Remaining)
            throw Malformed($"{length} bytes are wanted, {Remaining} are left");
        ReadOnlySpan<byte> taken = _data.Span.Slice(_at, (int)length);
        _at += (int)length;
        return taken;
    }

    private long ReadCount()
    {
        long count = ReadLong();
        if (count < 0)
        {
            // a negative count is followed by the block's size in bytes
            count = count == long.MinValue ? long.MaxValue : -count;
            ReadLong();
        }
        return count <= Remaining ? count : throw Malformed($"{count} items are announced, {Remaining} bytes are left");
    }

    private InvalidDataException Malformed(string why) => new($"Avro record, byte {_at}: {why}.");
}
