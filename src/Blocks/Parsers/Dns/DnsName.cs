namespace FlowPipe.Parsers.Dns;

/// <summary>
/// Reads domain names (RFC 1035 sections 3.1 and 4.1.4) as text.
/// <code>
/// label:    | 00 | length (6 bits) | length bytes |       a length of 0 ends the name
/// pointer:  | 11 | offset from the start of the message (14 bits) |
/// </code>
/// Labels are joined by dots. Bytes that are not printable ASCII are written as <c>cat -v</c> does: <c>^A</c> for 1, <c>M-a</c> for 0xE1.
/// </summary>
internal static class DnsName
{
    /// <summary>Characters that a name may take: 255 bytes on the wire (RFC 1035 section 2.3.4), up to four characters each.</summary>
    public const int LongestText = 1020;

    private const int MostPointers = 11;

    /// <summary>Reads a name.</summary>
    /// <param name="message">The message, which pointers point into.</param>
    /// <param name="end">Where the part of the message ends that the name begins in.</param>
    /// <param name="at">Where it begins; then, what follows it.</param>
    /// <param name="text">Room for <see cref="LongestText"/>.</param>
    /// <param name="length">Characters written; 0 for the root.</param>
    /// <returns>What is wrong with it. A name that the data cuts off between labels is taken as it is.</returns>
    public static NameFault Read(ReadOnlySpan<byte> message, int end, ref int at, Span<byte> text, out int length)
    {
        length = 0;
        int position = at;
        int pointers = 0;
        while (position < end)
        {
            int size = message[position];
            if (size >= 0xC0)
            {
                if (end - position < 2)
                    return NameFault.Malformed;
                int target = ((size & 0x3F) << 8) | message[position + 1];
                if (pointers == 0)
                    at = position + 2;
                if (++pointers > MostPointers)
                    return NameFault.PointerLoop;
                if (target >= message.Length)
                    return NameFault.Malformed;
                position = target;
                end = message.Length;
                continue;
            }
            position++;
            if (size == 0)
                break;
            if (size >= 0x40 || size > end - position)
                return NameFault.Malformed;
            if (length > 0 && !Append(text, ref length, (byte)'.'))
                return NameFault.Malformed;
            if (!AppendLabel(text, ref length, message.Slice(position, size)))
                return NameFault.Malformed;
            position += size;
        }
        if (pointers == 0)
            at = position;
        return NameFault.None;
    }

    private static bool AppendLabel(Span<byte> text, ref int length, ReadOnlySpan<byte> label)
    {
        if (!label.ContainsAnyExceptInRange((byte)' ', (byte)'~') && label.TryCopyTo(text[length..]))
        {
            length += label.Length;
            return true;
        }
        foreach (byte character in label)
        {
            if (!AppendVisible(text, ref length, character))
                return false;
        }
        return true;
    }

    private static bool AppendVisible(Span<byte> text, ref int length, byte character)
    {
        if (character >= 0x80)
        {
            if (!Append(text, ref length, (byte)'M') || !Append(text, ref length, (byte)'-'))
                return false;
            character &= 0x7F;
        }
        if (character is >= 0x20 and < 0x7F)
            return Append(text, ref length, character);
        return Append(text, ref length, (byte)'^') && Append(text, ref length, (byte)(character ^ 0x40));
    }

    private static bool Append(Span<byte> text, ref int length, byte character)
    {
        if (length >= text.Length)
            return false;
        text[length++] = character;
        return true;
    }
}

/// <summary>What is wrong with a name.</summary>
internal enum NameFault : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It reaches outside of the data, or has a label that is none, or is too long.</summary>
    Malformed,

    /// <summary>Its pointers lead in a circle, or through too many places.</summary>
    PointerLoop,
}
