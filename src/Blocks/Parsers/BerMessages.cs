using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>Streams of elements in ASN.1's Basic Encoding Rules: where one ends.</summary>
internal static class BerMessages
{
    private const int LongestHeader = 6;

    /// <summary>Length of the element with which the bytes begin: 0 when more of it must come first, −1 when it is none that streams have.</summary>
    public static int Measure(ReadOnlySpan<byte> bytes)
    {
        // Tags above 30 and lengths that are not said do not come at the beginning of a message.
        if (bytes.Length > 0 && (bytes[0] & 0x1F) == 0x1F)
            return -1;
        var reader = new PacketReader(bytes);
        reader.Skip(1);
        int first = reader.U8();
        int length = first;
        if (first >= 0x80)
        {
            int count = first & 0x7F;
            if (count is 0 or > LongestHeader - 2)
                return -1;
            uint value = 0;
            for (int i = 0; i < count; i++)
                value = (value << 8) | reader.U8();
            if (value > int.MaxValue - LongestHeader)
                return -1;
            length = (int)value;
        }
        return reader.Failed ? 0 : bytes.Length - reader.Remaining + length;
    }
}
