namespace FlowPipe.Parsers;

/// <summary>Puts a text together in memory that somebody else gives. What does not fit is left out.</summary>
/// <param name="room">Where it goes.</param>
internal ref struct TextBuilder(Span<byte> room)
{
    private readonly Span<byte> _room = room;
    private int _length;

    /// <summary>What is there so far.</summary>
    public readonly ReadOnlySpan<byte> Text => _room[.._length];

    /// <summary>Appends a text.</summary>
    public void Append(scoped ReadOnlySpan<byte> text)
    {
        text = text[..Math.Min(text.Length, _room.Length - _length)];
        text.CopyTo(_room[_length..]);
        _length += text.Length;
    }

    /// <summary>Appends a number, in decimal digits.</summary>
    public void Append(long number)
    {
        if (number.TryFormat(_room[_length..], out int written, default, System.Globalization.CultureInfo.InvariantCulture))
            _length += written;
    }

    /// <summary>Appends a number and a space.</summary>
    public void AppendWord(long number)
    {
        Append(number);
        Append(" "u8);
    }

    /// <summary>Appends a text and a space.</summary>
    public void AppendWord(scoped ReadOnlySpan<byte> text)
    {
        Append(text);
        Append(" "u8);
    }

    /// <summary>Appends bytes as hexadecimal digits in upper case.</summary>
    public void AppendHex(scoped ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            Append(Digits.Slice(value >> 4, 1));
            Append(Digits.Slice(value & 0xF, 1));
        }
    }

    private static ReadOnlySpan<byte> Digits => "0123456789ABCDEF"u8;
}

/// <summary>Texts of protocols that are written in C, on one end or both.</summary>
internal static class TerminatedText
{
    /// <summary>What stands before the first byte of 0; all where there is none.</summary>
    public static ReadOnlySpan<byte> UpToNul(this ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)0);
        return end < 0 ? text : text[..end];
    }
}
