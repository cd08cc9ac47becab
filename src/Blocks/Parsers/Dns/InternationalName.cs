using System.Text;

namespace FlowPipe.Parsers.Dns;

/// <summary>
/// Makes names readable: labels that begin with <c>xn--</c> are decoded from punycode (RFC 3492), the others are put in lower case.
/// </summary>
internal static class InternationalName
{
    /// <summary>Bytes of UTF-8 that a name may take.</summary>
    public const int LongestText = 1024;

    private const int MostCodePoints = 256;

    // RFC 3492 section 5
    private const int Base = 36;
    private const int ThresholdMin = 1;
    private const int ThresholdMax = 26;
    private const int Skew = 38;
    private const int Damp = 700;
    private const int InitialBias = 72;
    private const int InitialCodePoint = 0x80;

    private static ReadOnlySpan<byte> Prefix => "xn--"u8;

    /// <summary>Whether a name has a label in punycode, or looks as if it had.</summary>
    public static bool IsPunycode(ReadOnlySpan<byte> name) => name.IndexOf(Prefix) >= 0;

    /// <summary>Decodes a name of ASCII characters to UTF-8.</summary>
    /// <returns>False when a label is no punycode, or the result is too long.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> name, Span<byte> utf8, out int length)
    {
        length = 0;
        // Nearly all names: without its hyphens, no label can begin with the prefix
        if (name.IndexOf(Prefix[2..]) < 0)
            return TryLower(name, utf8, ref length);
        while (true)
        {
            int dot = name.IndexOf((byte)'.');
            ReadOnlySpan<byte> label = dot < 0 ? name : name[..dot];
            bool decoded =
                label.Length >= Prefix.Length && Ascii.EqualsIgnoreCase(label[..Prefix.Length], Prefix)
                    ? TryDecodeLabel(label[Prefix.Length..], utf8, ref length)
                    : TryLower(label, utf8, ref length);
            if (!decoded)
                return false;
            if (dot < 0)
                return true;
            if (length >= utf8.Length)
                return false;
            utf8[length++] = (byte)'.';
            name = name[(dot + 1)..];
        }
    }

    private static bool TryLower(ReadOnlySpan<byte> label, Span<byte> utf8, ref int length)
    {
        if (Ascii.ToLower(label, utf8[length..], out int written) != System.Buffers.OperationStatus.Done)
            return false;
        length += written;
        return true;
    }

    /// <summary>RFC 3492 section 6.2.</summary>
    private static bool TryDecodeLabel(ReadOnlySpan<byte> label, Span<byte> utf8, ref int length)
    {
        Span<int> points = stackalloc int[MostCodePoints];
        int count = 0;
        int delimiter = label.LastIndexOf((byte)'-');
        if (delimiter > MostCodePoints)
            return false;
        for (; count < delimiter; count++)
            points[count] = label[count];
        long codePoint = InitialCodePoint;
        int position = 0;
        int bias = InitialBias;
        ReadOnlySpan<byte> digits = label[(Math.Max(delimiter, 0) + (delimiter > 0 ? 1 : 0))..];
        while (!digits.IsEmpty)
        {
            if (!TryReadInteger(ref digits, bias, out int delta) || count == MostCodePoints)
                return false;
            long sum = (long)position + delta;
            bias = Adapt(delta, count + 1, isFirst: position == 0);
            codePoint += sum / (count + 1);
            position = (int)(sum % (count + 1));
            if (codePoint > 0x10FFFF)
                return false;
            points[position..count].CopyTo(points[(position + 1)..]);
            points[position++] = (int)codePoint;
            count++;
        }
        foreach (int point in points[..count])
        {
            if (!Rune.TryCreate(point, out Rune rune) || !rune.TryEncodeToUtf8(utf8[length..], out int bytes))
                return false;
            length += bytes;
        }
        return true;
    }

    /// <summary>Reads a number whose digits have thresholds instead of a length.</summary>
    private static bool TryReadInteger(ref ReadOnlySpan<byte> digits, int bias, out int value)
    {
        long sum = 0;
        long weight = 1;
        value = 0;
        for (int k = Base; ; k += Base)
        {
            if (digits.IsEmpty || !TryReadDigit(digits[0], out int digit))
                return false;
            digits = digits[1..];
            sum += digit * weight;
            int threshold = Math.Clamp(k - bias, ThresholdMin, ThresholdMax);
            if (sum > int.MaxValue)
                return false;
            if (digit < threshold)
                break;
            weight *= Base - threshold;
            if (weight > int.MaxValue)
                return false;
        }
        value = (int)sum;
        return true;
    }

    private static bool TryReadDigit(byte character, out int digit)
    {
        digit = character switch
        {
            >= (byte)'a' and <= (byte)'z' => character - 'a',
            >= (byte)'A' and <= (byte)'Z' => character - 'A',
            >= (byte)'0' and <= (byte)'9' => character - '0' + 26,
            _ => -1,
        };
        return digit >= 0;
    }

    /// <summary>RFC 3492 section 6.1.</summary>
    private static int Adapt(int delta, int count, bool isFirst)
    {
        delta = isFirst ? delta / Damp : delta / 2;
        delta += delta / count;
        int k = 0;
        while (delta > (Base - ThresholdMin) * ThresholdMax / 2)
        {
            delta /= Base - ThresholdMin;
            k += Base;
        }
        return k + ((Base - ThresholdMin + 1) * delta / (delta + Skew));
    }
}
