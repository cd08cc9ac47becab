namespace FlowPipe.Parsers.Mail;

/// <summary>
/// Lines as SMTP has them (RFC 5321 section 2.3.8): CR LF ends one, LF alone does not. Some hosts send CR alone, which does too; so the byte
/// after CR must be there before a line is taken.
/// </summary>
internal static class CrLines
{
    /// <summary>Takes a line off the front.</summary>
    /// <param name="rest">What is left after it; as it was when there is no whole line.</param>
    /// <param name="line">The line without its end.</param>
    public static bool TryTake(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        int end = rest.IndexOf((byte)'\r');
        if (end < 0 || end + 1 == rest.Length)
        {
            line = default;
            return false;
        }
        line = rest[..end];
        rest = rest[(rest[end + 1] == '\n' ? end + 2 : end + 1)..];
        return true;
    }
}
