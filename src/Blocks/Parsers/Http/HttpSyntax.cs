using System.Buffers;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Http;

/// <summary>Small pieces of HTTP's syntax (RFC 9110 section 5.6).</summary>
internal static class HttpSyntax
{
    /// <summary>What names of headers are made of.</summary>
    public static readonly SearchValues<byte> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8
    );

    /// <summary>Whether a list of words has one, of either case.</summary>
    public static bool HasWord(ReadOnlySpan<byte> list, ReadOnlySpan<byte> word)
    {
        while (list.Length > 0)
        {
            ReadOnlySpan<byte> one = list.IndexOf((byte)',') is >= 0 and var comma ? list[..comma] : list;
            list = list[Math.Min(list.Length, one.Length + 1)..];
            if (HttpHeaders.Is(Lines.Trim(one), word))
                return true;
        }
        return false;
    }

    /// <summary>Whether the last word of a list is this one.</summary>
    public static bool EndsWithWord(ReadOnlySpan<byte> list, ReadOnlySpan<byte> word) =>
        HttpHeaders.Is(Lines.Trim(list[(list.LastIndexOf((byte)',') + 1)..]), word);

    /// <summary>A length in bytes: digits, and nothing but spaces after them.</summary>
    public static bool TryLength(ReadOnlySpan<byte> text, out long length)
    {
        length = 0;
        text = Lines.Trim(text);
        foreach (byte digit in text)
        {
            if (!char.IsAsciiDigit((char)digit) || length > (long.MaxValue / 10) - 1)
                return false;
            length = (10 * length) + digit - '0';
        }
        return text.Length > 0;
    }

    /// <summary>The size of a chunk.</summary>
    public static bool TryChunkSize(ReadOnlySpan<byte> line, out long size)
    {
        size = 0;
        int digits = 0;
        while (digits < line.Length && Hex.Value(line[digits]) is >= 0 and var digit)
        {
            if (size >> 56 != 0)
                return false;
            size = (size << 4) | (uint)digit;
            digits++;
        }
        return digits > 0 && (digits == line.Length || line[digits] is (byte)';' or (byte)' ' or (byte)'\t');
    }
}
