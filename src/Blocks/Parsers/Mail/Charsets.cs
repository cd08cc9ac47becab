using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace FlowPipe.Parsers.Mail;

/// <summary>The character sets that mail names (IANA's registry), as far as the platform knows them.</summary>
internal static class Charsets
{
    private const int LongestName = 40;
    private const int Pieces = 256;

    /// <summary>Decodes a text to UTF-8; what is not valid in its character set becomes U+FFFD, what does not fit is left out.</summary>
    /// <param name="charset">Its name.</param>
    /// <param name="text">The text. One that is UTF-8 is copied as it is, because senders cut it anywhere.</param>
    /// <param name="utf8">Room for the result.</param>
    /// <param name="written">Bytes of the result.</param>
    /// <returns>Whether the character set is known.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> charset, ReadOnlySpan<byte> text, Span<byte> utf8, out int written)
    {
        written = 0;
        if (charset.IndexOf((byte)'*') is >= 0 and var language) // =?utf-8*en?…: RFC 2231 section 5
            charset = charset[..language];
        if (charset.Length is 0 or > LongestName || !Ascii.IsValid(charset))
            return false;
        if (Ascii.EqualsIgnoreCase(charset, "utf-8"u8) || Ascii.EqualsIgnoreCase(charset, "utf8"u8))
        {
            written = Math.Min(text.Length, utf8.Length);
            text[..written].CopyTo(utf8);
            return true;
        }
        if (Find(charset) is not { } encoding)
            return false;
        written = Decode(encoding, text, utf8);
        return true;
    }

    /// <summary>Decodes what has no character set: UTF-8 where it is valid (RFC 6532), else Windows-1252, as most senders mean it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="utf8">Room for the result.</param>
    /// <param name="neverUtf8">Windows-1252 in any case.</param>
    public static int DecodeUnnamed(ReadOnlySpan<byte> text, Span<byte> utf8, bool neverUtf8)
    {
        if (neverUtf8 ? !Ascii.IsValid(text) : !Utf8.IsValid(text))
            return Decode(CodePagesEncodingProvider.Instance.GetEncoding(1252)!, text, utf8);
        int length = Math.Min(text.Length, utf8.Length);
        text[..length].CopyTo(utf8);
        return length;
    }

    private static Encoding? Find(ReadOnlySpan<byte> charset)
    {
        string name = Encoding.ASCII.GetString(charset);
        if (name.Equals("us-ascii", StringComparison.OrdinalIgnoreCase) || name.Equals("ascii", StringComparison.OrdinalIgnoreCase))
            return Encoding.ASCII;
        if (name.Equals("iso-8859-1", StringComparison.OrdinalIgnoreCase) || name.Equals("latin1", StringComparison.OrdinalIgnoreCase))
            return Encoding.Latin1;
        if (
            name.StartsWith("cp", StringComparison.OrdinalIgnoreCase)
            && int.TryParse(name.AsSpan(2), out int page)
            && page is > 0 and < 65_000
        )
            return CodePagesEncodingProvider.Instance.GetEncoding(page);
        return CodePagesEncodingProvider.Instance.GetEncoding(name);
    }

    private static int Decode(Encoding encoding, ReadOnlySpan<byte> text, Span<byte> utf8)
    {
        // One call for all of it: sets of several bytes, and those with shifts (ISO 2022), must not be cut.
        int most = encoding.GetMaxCharCount(text.Length);
        char[]? rented = most > Pieces ? ArrayPool<char>.Shared.Rent(most) : null;
        Span<char> characters = rented ?? stackalloc char[Pieces];
        int count = encoding.GetChars(text, characters);
        Utf8.FromUtf16(characters[..count], utf8, out _, out int written);
        if (rented is not null)
            ArrayPool<char>.Shared.Return(rented);
        return written;
    }
}
