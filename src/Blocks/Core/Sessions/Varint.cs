namespace FlowPipe.Core.Sessions;

/// <summary>Avro's coding of <c>long</c>: zigzag, then seven bits a byte, the least significant first (Avro 1.12, "Binary encoding").</summary>
internal static class Varint
{
    /// <summary>Writes a value; the span has room for ten bytes.</summary>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> destination, long value)
    {
        ulong zigzag = (ulong)((value << 1) ^ (value >> 63));
        int length = 0;
        while (zigzag >= 0x80)
        {
            destination[length++] = (byte)(zigzag | 0x80);
            zigzag >>= 7;
        }
        destination[length++] = (byte)zigzag;
        return length;
    }

    /// <summary>Reads a value that <see cref="Write"/> wrote.</summary>
    public static long Read(ReadOnlySpan<byte> source, ref int at)
    {
        ulong zigzag = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = source[at++];
            zigzag |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
        }
    }
}
