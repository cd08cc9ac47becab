using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Mail;

/// <summary>
/// The delimiters of a message's multiparts (RFC 2046 section 5.1.1), which may be inside each other: a line that begins with two hyphens and
/// one of them begins or ends a part. Kept as length and text, one after the other.
/// </summary>
internal sealed class Boundaries
{
    /// <summary>The RFC allows 70 bytes.</summary>
    private const int LongestBoundary = byte.MaxValue;

    private readonly StreamBuffer _kept = new(8192);

    /// <summary>Adds one; what is longer than any may be, or too many, is left out.</summary>
    public void Add(Session session, ReadOnlySpan<byte> boundary)
    {
        if (boundary.Length is 0 or > LongestBoundary || _kept.Length + boundary.Length + 1 > _kept.Limit)
            return;
        _kept.TryAppend(session, [(byte)boundary.Length]);
        _kept.TryAppend(session, boundary);
    }

    /// <summary>Whether a line is a delimiter.</summary>
    public bool IsDelimiter(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("--"u8))
            return false;
        ReadOnlySpan<byte> rest = _kept.Bytes;
        while (rest.Length > 0)
        {
            int length = rest[0];
            if (line[2..].StartsWith(rest.Slice(1, length)))
                return true;
            rest = rest[(1 + length)..];
        }
        return false;
    }

    /// <summary>Forgets all.</summary>
    public void Free(Session session) => _kept.Free(session);
}
