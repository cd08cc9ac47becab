using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Mail;

/// <summary>
/// Text of headers that is not ASCII (RFC 2047).
/// <code>
/// =?charset?encoding?text?=        encoding B: base64; Q: =XX is a byte, _ a space
/// </code>
/// </summary>
internal static class EncodedWords
{
    /// <summary>Bytes that a decoded text may have; the rest is left out.</summary>
    private const int LongestText = 4095;

    /// <summary>Adds a header's text, decoded; as it is where that is not possible.</summary>
    public static void Add(MailFields fields, Session session, SpiField field, ReadOnlySpan<byte> text)
    {
        Span<byte> decoded = stackalloc byte[LongestText];
        if (TryDecode(text, decoded, fields.Quirks, out int length))
            session.Fields.Add(field, decoded[..length]);
        else
            session.Fields.AddText(field, text, TextEncoding.Utf8OrLatin1);
    }

    private static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> decoded, bool quirks, out int length)
    {
        length = 0;
        bool afterWord = false;
        while (text.Length > 0)
        {
            int start = text.IndexOf("=?"u8);
            if (start != 0)
            {
                ReadOnlySpan<byte> plain = start < 0 ? text : text[..start];
                text = text[plain.Length..];
                if (start > 0 && IsSeparator(plain, afterWord, quirks))
                    continue;
                length += Charsets.DecodeUnnamed(plain, decoded[length..], quirks);
                continue;
            }
            if (!TryWord(ref text, decoded[length..], out int written))
                return false;
            length += written;
            afterWord = true;
        }
        return true;
    }

    /// <summary>White space between two words is none of the text (RFC 2047 section 6.2); Arkime drops one space before any word.</summary>
    private static bool IsSeparator(ReadOnlySpan<byte> plain, bool afterWord, bool quirks) =>
        quirks ? plain is [(byte)' '] : afterWord && plain.IndexOfAnyExcept((byte)' ', (byte)'\t') < 0;

    private static bool TryWord(ref ReadOnlySpan<byte> text, Span<byte> decoded, out int written)
    {
        written = 0;
        ReadOnlySpan<byte> rest = text[2..];
        int question = rest.IndexOf((byte)'?');
        if (question < 0)
            return false;
        ReadOnlySpan<byte> charset = rest[..question];
        rest = rest[(question + 1)..];
        if (rest.Length < 2 || rest[1] != '?')
            return false;
        int kind = rest[0] | 0x20;
        rest = rest[2..];
        int end = rest.IndexOf("?="u8);
        if (end < 0 || kind is not ('b' or 'q'))
            return false;
        ReadOnlySpan<byte> word = rest[..end];
        text = rest[(end + 2)..];
        if (word.Length == 0)
            return true;
        // Decoding makes neither of them longer.
        Span<byte> bytes = stackalloc byte[LongestText];
        word = word[..Math.Min(word.Length, LongestText)];
        int length = kind == 'b' ? new Base64Decoder().Decode(word, bytes) : DecodeQ(word, bytes);
        return Charsets.TryDecode(charset, bytes[..length], decoded, out written);
    }

    private static int DecodeQ(ReadOnlySpan<byte> word, Span<byte> bytes)
    {
        int length = 0;
        for (int at = 0; at < word.Length; at++)
        {
            byte value = word[at];
            if (value == '_')
                value = (byte)' ';
            else if (value == '=')
            {
                if (at + 2 >= word.Length || Hex.Value(word[at + 1]) < 0 || Hex.Value(word[at + 2]) < 0)
                    break;
                value = (byte)((Hex.Value(word[at + 1]) << 4) | Hex.Value(word[at + 2]));
                at += 2;
            }
            bytes[length++] = value;
        }
        return length;
    }
}
