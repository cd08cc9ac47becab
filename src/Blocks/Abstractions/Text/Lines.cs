namespace FlowPipe.Abstractions;

/// <summary>Lines of text protocols.</summary>
public static class Lines
{
    /// <summary>Takes a line off the front.</summary>
    /// <param name="rest">What is left after it; as it was when there is no whole line.</param>
    /// <param name="line">The line without its LF or CR LF.</param>
    /// <returns>False when no line ends in it: what is there is the beginning of one (<see cref="StreamBuffer"/> keeps it).</returns>
    public static bool TryTake(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        int end = rest.IndexOf((byte)'\n');
        if (end < 0)
        {
            line = default;
            return false;
        }
        line = rest[..end];
        rest = rest[(end + 1)..];
        if (line is [.., (byte)'\r'])
            line = line[..^1];
        return true;
    }

    /// <summary>Without spaces and tabs at both ends.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t"u8);

    /// <summary>Whether a text begins so, A to Z being the same as a to z.</summary>
    public static bool StartsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> beginning) =>
        text.Length >= beginning.Length && System.Text.Ascii.EqualsIgnoreCase(text[..beginning.Length], beginning);
}
