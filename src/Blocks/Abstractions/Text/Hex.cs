namespace FlowPipe.Abstractions;

/// <summary>Bytes as hexadecimal text, lower case.</summary>
public static class Hex
{
    /// <summary>Writes two digits a byte, as many whole bytes as there is room for.</summary>
    /// <returns>Digits written.</returns>
    public static int Write(ReadOnlySpan<byte> bytes, Span<byte> digits)
    {
        bytes = bytes[..Math.Min(bytes.Length, digits.Length / 2)];
        for (int i = 0; i < bytes.Length; i++)
        {
            digits[2 * i] = Digits[bytes[i] >> 4];
            digits[(2 * i) + 1] = Digits[bytes[i] & 0xF];
        }
        return 2 * bytes.Length;
    }

    /// <summary>The value of a digit of either case; −1 for anything else.</summary>
    public static int Value(byte digit) =>
        digit switch
        {
            >= (byte)'0' and <= (byte)'9' => digit - '0',
            >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
            _ => -1,
        };

    private static ReadOnlySpan<byte> Digits => "0123456789abcdef"u8;
}
