namespace FlowPipe.Parsers.Http2;

/// <summary>
/// The Huffman code of HPACK (RFC 7541 appendix B). It is canonical: codes of one length follow each other in the order of their symbols, so
/// that their lengths say all.
/// </summary>
internal static class HpackHuffman
{
    private const int LongestCode = 30;
    private const int EndOfString = 256;

    // First code of each length, where its symbols begin in Symbols, and how many there are
    private static readonly uint[] First = new uint[LongestCode + 1];
    private static readonly ushort[] Start = new ushort[LongestCode + 1];
    private static readonly ushort[] Count = new ushort[LongestCode + 1];
    private static readonly ushort[] Symbols = Sort();

    /// <summary>Bytes that so many encoded ones may stand for: the shortest code has 5 bits.</summary>
    public static int MostBytes(int encoded) => (encoded * 8 / 5) + 1;

    /// <summary>Decodes a string.</summary>
    /// <returns>Bytes written; −1 when it is not in this code, or longer than there is room for.</returns>
    public static int Decode(ReadOnlySpan<byte> encoded, Span<byte> decoded)
    {
        int written = 0;
        uint code = 0;
        int length = 0;
        foreach (byte octet in encoded)
        {
            for (int bit = 7; bit >= 0; bit--)
            {
                code = (code << 1) | (uint)((octet >> bit) & 1);
                length++;
                uint place = code - First[length];
                if (place < Count[length])
                {
                    int symbol = Symbols[Start[length] + place];
                    if (symbol == EndOfString || written == decoded.Length)
                        return -1;
                    decoded[written++] = (byte)symbol;
                    code = 0;
                    length = 0;
                }
                else if (length == LongestCode)
                    return -1;
            }
        }
        // What fills up the last byte is the beginning of the code of end-of-string, all ones (section 5.2).
        return length < 8 && code == (1u << length) - 1 ? written : -1;
    }

    private static ushort[] Sort()
    {
        ReadOnlySpan<byte> lengths = Lengths;
        ushort[] symbols = new ushort[lengths.Length];
        int sorted = 0;
        uint code = 0;
        for (int length = 1; length <= LongestCode; length++)
        {
            First[length] = code;
            Start[length] = (ushort)sorted;
            for (int symbol = 0; symbol < lengths.Length; symbol++)
            {
                if (lengths[symbol] == length)
                    symbols[sorted++] = (ushort)symbol;
            }
            Count[length] = (ushort)(sorted - Start[length]);
            code = (code + Count[length]) << 1;
        }
        return symbols;
    }

    /// <summary>Bits of the code of each byte, and of end-of-string.</summary>
    // csharpier-ignore
    private static ReadOnlySpan<byte> Lengths =>
        [
            13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
            28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
            6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
            5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
            13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
            7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
            15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
            6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
            20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
            24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
            22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
            21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
            26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
            19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
            20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
            26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
            30,
        ];
}
