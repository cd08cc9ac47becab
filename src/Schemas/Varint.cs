using System.Numerics;

namespace FlowPipe.Schemas;

/// <summary>
/// Integers of variable length: seven bits a byte, least significant first, the top bit set on all but the last. Avro's <c>int</c> and
/// <c>long</c> are these over the zigzag form (specification 1.12, "Binary encoding").
/// </summary>
public static class Varint
{
    /// <summary>Bytes that the longest takes: 64 bits at seven a byte.</summary>
    public const int MaxBytes = 10;

    /// <summary>The zigzag form: small negatives become small too.</summary>
    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    /// <summary>The value of a zigzag form.</summary>
    public static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    /// <summary>Bytes that a value takes.</summary>
    public static int Size(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    /// <summary>Writes a value for which there is room.</summary>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> destination, ulong value)
    {
        int at = 0;
        while (value >= 0x80)
        {
            destination[at++] = (byte)(value | 0x80);
            value >>= 7;
        }
        destination[at++] = (byte)value;
        return at;
    }

    /// <summary>Writes the zigzag form of a value for which there is room: Avro's <c>int</c> and <c>long</c>.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteZigZag(Span<byte> destination, long value) => Write(destination, ZigZag(value));

    /// <summary>Reads what <see cref="WriteZigZag"/> has written.</summary>
    public static long ReadZigZag(ReadOnlySpan<byte> source, ref int at) => UnZigZag(Read(source, ref at));

    /// <summary>Reads the value at a place and moves past it. False when it does not end, or not within 64 bits.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, ref int at, out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if ((uint)at >= (uint)source.Length)
                return false;
            byte b = source[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return shift < 63 || b <= 1;
        }
        return false;
    }

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
    public static ulong Read(ReadOnlySpan<byte> source, ref int at)
    {
        ulong value = source[at++];
        if (value < 0x80)
            return value;
        value &= 0x7F;
        for (int shift = 7; ; shift += 7)
        {
            byte b = source[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }
    }
}
