namespace FlowPipe.Parsers.Mail;

/// <summary>Pieces of commands and headers.</summary>
internal static class MailText
{
    /// <summary>Without white space at its beginning.</summary>
    public static ReadOnlySpan<byte> TrimStart(ReadOnlySpan<byte> text) => text.TrimStart(" \t\n\v\f\r"u8);

    /// <summary>
    /// What stands between two brackets, where the text begins with the first: <c>&lt;a@b&gt; SIZE=5</c> is <c>a@b</c>. Without the first
    /// bracket it is what stands before the second, without the second all that is left.
    /// </summary>
    public static ReadOnlySpan<byte> Between(ReadOnlySpan<byte> text, byte open, byte close)
    {
        text = TrimStart(text);
        if (text.Length > 0 && text[0] == open)
            text = text[1..];
        int end = text.IndexOf(close);
        return end < 0 ? text : text[..end];
    }

    /// <summary>The value of a parameter (RFC 2045 section 5.1): <c>; name="value"</c> or <c>; name=value</c>; null when it is not there.</summary>
    /// <param name="text">A header's value.</param>
    /// <param name="nameAndEqual">The parameter's name in lower case, with its equal sign.</param>
    /// <param name="value">Its value without quotes.</param>
    public static bool TryParameter(ReadOnlySpan<byte> text, ReadOnlySpan<byte> nameAndEqual, out ReadOnlySpan<byte> value)
    {
        int at = IndexOf(text, nameAndEqual);
        value = default;
        if (at < 0)
            return false;
        value = TrimStart(text[(at + nameAndEqual.Length)..]);
        if (value is [(byte)'"', ..])
        {
            value = value[1..];
            int quote = value.IndexOf((byte)'"');
            value = quote < 0 ? value : value[..quote];
            return true;
        }
        int end = value.IndexOf((byte)';');
        value = (end < 0 ? value : value[..end]).TrimEnd(" \t\n"u8);
        return true;
    }

    /// <summary>Where a text of lower case is, A to Z being the same as a to z; −1 when it is not there.</summary>
    public static int IndexOf(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower)
    {
        byte first = lower[0];
        byte upper = first is >= (byte)'a' and <= (byte)'z' ? (byte)(first & ~0x20) : first;
        for (int from = 0; from + lower.Length <= text.Length; from++)
        {
            int step = text[from..^(lower.Length - 1)].IndexOfAny(first, upper);
            if (step < 0)
                return -1;
            from += step;
            if (System.Text.Ascii.EqualsIgnoreCase(text.Slice(from, lower.Length), lower))
                return from;
        }
        return -1;
    }

    /// <summary>The number that a text begins with; 0 without one, at most 2^31 − 1.</summary>
    public static int Number(ReadOnlySpan<byte> text)
    {
        long number = 0;
        foreach (byte digit in TrimStart(text))
        {
            if (digit is < (byte)'0' or > (byte)'9')
                break;
            number = (10 * number) + digit - '0';
            if (number > int.MaxValue)
                return int.MaxValue;
        }
        return (int)number;
    }
}
