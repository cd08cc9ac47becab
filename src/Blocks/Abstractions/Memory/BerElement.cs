using FlowPipe.Schemas;

namespace FlowPipe.Abstractions;

/// <summary>One element of ASN.1 (X.690): its tag, and its content, borrowed.</summary>
public readonly ref struct BerElement
{
    internal const byte ConstructedBit = 0x20;

    internal BerElement(byte identifier, int number, ReadOnlySpan<byte> whole, ReadOnlySpan<byte> content)
    {
        Identifier = identifier;
        Number = number;
        Whole = whole;
        Content = content;
    }

    /// <summary>The first byte: class, constructed or not, and tag number where it is below 31.</summary>
    public byte Identifier { get; }

    /// <summary>The tag number.</summary>
    public int Number { get; }

    /// <summary>The class: 0 universal, 1 application, 2 context-specific, 3 private.</summary>
    public int Class => Identifier >> 6;

    /// <summary>Whether the content is elements.</summary>
    public bool IsConstructed => (Identifier & ConstructedBit) != 0;

    /// <summary>The element with its tag and length.</summary>
    public ReadOnlySpan<byte> Whole { get; }

    /// <summary>What is in it.</summary>
    public ReadOnlySpan<byte> Content { get; }

    /// <summary>A reader of the elements in it.</summary>
    public BerReader Elements => new(Content);

    /// <summary>The value of an INTEGER or ENUMERATED of up to 8 bytes.</summary>
    public bool TryGetInteger(out long value)
    {
        value = 0;
        if (Content.Length is 0 or > sizeof(long))
            return false;
        value = (sbyte)Content[0];
        for (int i = 1; i < Content.Length; i++)
            value = (value << 8) | Content[i];
        return true;
    }

    /// <summary>Writes an OBJECT IDENTIFIER as numbers with dots (X.690 section 8.19).</summary>
    /// <returns>Bytes written; 0 when it is none, or has a number of more than 63 bits, or does not fit.</returns>
    public int WriteObjectIdentifier(Span<byte> text)
    {
        int written = 0;
        ulong number = 0;
        bool first = true;
        foreach (byte part in Content)
        {
            if (number > long.MaxValue >> 7)
                return 0;
            number = (number << 7) | (uint)(part & 0x7F);
            if ((part & 0x80) != 0)
                continue;
            if (first)
            {
                // The first two numbers share one: 40 times the first, which is 0, 1 or 2, and the second.
                ulong root = Math.Min(number / 40, 2);
                if (text.Length < 2)
                    return 0;
                text[0] = (byte)('0' + root);
                written = 1;
                number -= 40 * root;
                first = false;
            }
            if (written + 1 >= text.Length)
                return 0;
            text[written++] = (byte)'.';
            if (!number.TryFormat(text[written..], out int digits))
                return 0;
            written += digits;
            number = 0;
        }
        return Content.Length > 0 && (Content[^1] & 0x80) == 0 ? written : 0;
    }

    /// <summary>
    /// The value of a UTCTime (two-digit years are 1950 to 2049, RFC 5280 section 4.1.2.5.1) or GeneralizedTime, seconds since 1970; an offset
    /// from UTC is taken into account, a fraction of a second is cut off.
    /// </summary>
    public bool TryGetTime(out long seconds)
    {
        seconds = 0;
        ReadOnlySpan<byte> text = Content;
        bool general = Number == 24;
        if (!general && Number != 23)
            return false;
        if (!TryTakeDigits(ref text, general ? 4 : 2, out int year))
            return false;
        if (!general)
            year += year < 50 ? 2000 : 1900;
        int second = 0;
        if (
            !TryTakeDigits(ref text, 2, out int month)
            || !TryTakeDigits(ref text, 2, out int day)
            || !TryTakeDigits(ref text, 2, out int hour)
            || !TryTakeDigits(ref text, 2, out int minute)
        )
            return false;
        if (text.Length > 0 && text[0] is >= (byte)'0' and <= (byte)'9' && !TryTakeDigits(ref text, 2, out second))
            return false;
        if (month is 0 or > 12 || day < 1 || hour > 23 || minute > 59 || second > 60 || year < 1 || day > DateTime.DaysInMonth(year, month))
            return false;
        seconds = (new DateTime(year, month, day, hour, minute, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond;
        seconds += second;
        int zone = text.IndexOfAny((byte)'+', (byte)'-');
        if (zone < 0)
            return true;
        int sign = text[zone] == '+' ? 1 : -1;
        text = text[(zone + 1)..];
        if (!TryTakeDigits(ref text, 2, out int zoneHours) || !TryTakeDigits(ref text, 2, out int zoneMinutes))
            return false;
        seconds -= sign * ((zoneHours * 3600) + (zoneMinutes * 60));
        return true;
    }

    /// <summary>How the characters of a string type are encoded (X.680 section 41).</summary>
    public TextEncoding Encoding =>
        Number switch
        {
            20 => TextEncoding.Latin1, // T61String: as everybody reads it
            30 => TextEncoding.Utf16BigEndian, // BMPString
            _ => TextEncoding.Utf8OrLatin1,
        };

    /// <summary>Adds the content as a text.</summary>
    /// <returns>Whether the field took it.</returns>
    public bool AddText(SpiFields fields, SpiField field) => fields.AddText(field, Content, Encoding);

    private static bool TryTakeDigits(ref ReadOnlySpan<byte> text, int count, out int value)
    {
        value = 0;
        if (text.Length < count)
            return false;
        foreach (byte digit in text[..count])
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return false;
            value = (10 * value) + digit - '0';
        }
        text = text[count..];
        return true;
    }
}
