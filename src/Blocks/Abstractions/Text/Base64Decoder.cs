using System.Buffers.Text;

namespace FlowPipe.Abstractions;

/// <summary>
/// Decodes base64 (RFC 4648 section 4, and the URL-safe alphabet of section 5) piece by piece: what a piece ends with is kept for the next, so
/// lines and segments may break anywhere. Characters outside of the alphabet are passed over (RFC 2045 section 6.8), padding may be missing.
/// </summary>
public struct Base64Decoder
{
    private int _bits;
    private int _characters; // of the group of four that is begun

    /// <summary>Whether <c>=</c> has ended the text; what follows it is not decoded.</summary>
    public bool Ended { get; private set; }

    /// <summary>Bytes that a piece of so many characters may give.</summary>
    public static int MostBytes(int characters) => (characters + 3) / 4 * 3;

    /// <summary>Decodes a piece; what does not fit is left out.</summary>
    /// <returns>Bytes written.</returns>
    public int Decode(ReadOnlySpan<byte> text, Span<byte> bytes)
    {
        int written = 0;
        // Whole groups at once, up to what the framework does not take: padding, other characters. The rest one by one.
        if (_characters == 0 && !Ended)
        {
            Base64.DecodeFromUtf8(text[..(text.Length & ~3)], bytes, out int consumed, out written, isFinalBlock: false);
            text = text[consumed..];
        }
        foreach (byte character in text)
        {
            if (Ended)
                break;
            if (character == '=')
            {
                Ended = true;
                break;
            }
            int value = Value(character);
            if (value < 0)
                continue;
            _bits = ((_bits << 6) | value) & 0xFFFFFF;
            _characters++;
            // The second, third and fourth character of a group each complete a byte.
            if (_characters > 1 && written < bytes.Length)
                bytes[written++] = (byte)(_bits >> (6 - (2 * (_characters - 1))));
            _characters &= 3;
        }
        return written;
    }

    /// <summary>Makes it as new.</summary>
    public void Reset() => this = default;

    private static int Value(byte character) =>
        character switch
        {
            >= (byte)'A' and <= (byte)'Z' => character - 'A',
            >= (byte)'a' and <= (byte)'z' => character - 'a' + 26,
            >= (byte)'0' and <= (byte)'9' => character - '0' + 52,
            (byte)'+' or (byte)'-' => 62,
            (byte)'/' or (byte)'_' => 63,
            _ => -1,
        };
}
