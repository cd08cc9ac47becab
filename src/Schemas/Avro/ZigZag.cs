namespace FlowPipe.Schemas;

/// <summary>
/// Avro's long (specification 1.12, "Primitive Types"): zigzag, so that small negatives are short too, then seven bits a byte, lowest first;
/// the top bit says that more follow.
/// </summary>
internal static class ZigZag
{
    /// <summary>Bytes that 64 bits may take.</summary>
    public const int MaxLength = 10;

    public static int Write(Span<byte> destination, long value)
    {
        ulong bits = (ulong)(value << 1) ^ (ulong)(value >> 63);
        int length = 0;
        while (bits >= 0x80)
        {
            destination[length++] = (byte)(bits | 0x80);
            bits >>= 7;
        }

        destination[length++] = (byte)bits;
        return length;
    }
}
