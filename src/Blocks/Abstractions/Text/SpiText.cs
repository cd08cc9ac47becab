using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using FlowPipe.Schemas;

namespace FlowPipe.Abstractions;

/// <summary>
/// Text of the wire as values of fields: decoded to valid UTF-8 by the one function that all parsers share, so that every record can be read.
/// </summary>
public static class SpiText
{
    /// <summary>Bytes of a text that are looked at; a value holds no more.</summary>
    public const int LongestText = 32_766;

    private const int OnStack = 512;

    /// <summary>Adds a text that is encoded as given.</summary>
    /// <returns>Whether the field took it, as <see cref="SpiFields.Add(SpiField, ReadOnlySpan{byte})"/>.</returns>
    public static bool AddText(this SpiFields fields, SpiField field, ReadOnlySpan<byte> text, TextEncoding encoding)
    {
        text = text[..Math.Min(text.Length, LongestText)];
        if (encoding == TextEncoding.Utf8 || (!IsWide(encoding) && Ascii.IsValid(text)))
            return fields.Add(field, text);
        int most = MostBytes(text.Length, encoding);
        byte[]? rented = most > OnStack ? ArrayPool<byte>.Shared.Rent(most) : null;
        Span<byte> utf8 = rented ?? stackalloc byte[OnStack];
        bool added = fields.Add(field, utf8[..ToUtf8(text, encoding, utf8)]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return added;
    }

    /// <summary>Adds a text with A to Z in lower case, as host names and the like are compared (RFC 4343); UTF-8.</summary>
    /// <returns>Whether the field took it.</returns>
    public static bool AddLower(this SpiFields fields, SpiField field, ReadOnlySpan<byte> text)
    {
        text = text[..Math.Min(text.Length, LongestText)];
        if (text.IndexOfAnyInRange((byte)'A', (byte)'Z') < 0)
            return fields.Add(field, text);
        byte[]? rented = text.Length > OnStack ? ArrayPool<byte>.Shared.Rent(text.Length) : null;
        Span<byte> lower = (rented ?? stackalloc byte[OnStack])[..text.Length];
        for (int i = 0; i < text.Length; i++)
            lower[i] = text[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(text[i] | 0x20) : text[i];
        bool added = fields.Add(field, lower);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return added;
    }

    /// <summary>Adds bytes as hexadecimal text, lower case, two digits a byte.</summary>
    /// <returns>Whether the field took it.</returns>
    public static bool AddHex(this SpiFields fields, SpiField field, ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, LongestText / 2)];
        byte[]? rented = 2 * bytes.Length > OnStack ? ArrayPool<byte>.Shared.Rent(2 * bytes.Length) : null;
        Span<byte> hex = rented ?? stackalloc byte[OnStack];
        bool added = fields.Add(field, hex[..Hex.Write(bytes, hex)]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return added;
    }

    /// <summary>Bytes that a text of so many bytes may take as UTF-8.</summary>
    public static int MostBytes(int bytes, TextEncoding encoding) => IsWide(encoding) ? 3 * ((bytes + 1) / 2) : 3 * bytes;

    /// <summary>Decodes a text to valid UTF-8; what does not fit is cut off between characters.</summary>
    /// <returns>Bytes written.</returns>
    public static int ToUtf8(ReadOnlySpan<byte> text, TextEncoding encoding, Span<byte> utf8)
    {
        if (encoding == TextEncoding.Utf8OrLatin1)
            encoding = Utf8.IsValid(text) ? TextEncoding.Utf8 : TextEncoding.Latin1;
        int written = 0;
        while (text.Length > 0)
        {
            Rune rune = Next(text, encoding, out int used);
            if (!rune.TryEncodeToUtf8(utf8[written..], out int bytes))
                break;
            written += bytes;
            text = text[used..];
        }
        return written;
    }

    private static bool IsWide(TextEncoding encoding) => encoding is TextEncoding.Utf16LittleEndian or TextEncoding.Utf16BigEndian;

    private static Rune Next(ReadOnlySpan<byte> text, TextEncoding encoding, out int used)
    {
        if (encoding == TextEncoding.Utf8)
        {
            // What is not valid comes back as U+FFFD.
            Rune.DecodeFromUtf8(text, out Rune rune, out used);
            return rune;
        }
        if (!IsWide(encoding))
        {
            used = 1;
            return new Rune(text[0]);
        }
        used = Math.Min(2, text.Length);
        if (text.Length < 2)
            return Rune.ReplacementChar;
        char first = Unit(text, encoding);
        if (text.Length >= 4 && Rune.TryCreate(first, Unit(text[2..], encoding), out Rune pair))
        {
            used = 4;
            return pair;
        }
        return Rune.TryCreate(first, out Rune single) ? single : Rune.ReplacementChar;
    }

    private static char Unit(ReadOnlySpan<byte> text, TextEncoding encoding) =>
        (char)(
            encoding == TextEncoding.Utf16LittleEndian
                ? BinaryPrimitives.ReadUInt16LittleEndian(text)
                : BinaryPrimitives.ReadUInt16BigEndian(text)
        );
}
