using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Mail;

/// <summary>How a part is encoded (RFC 2045 section 6).</summary>
internal enum PartEncoding : byte
{
    /// <summary>7bit, 8bit, binary: as it is; texts, which are not digested.</summary>
    None,

    /// <summary>Base64.</summary>
    Base64,

    /// <summary>Quoted-printable.</summary>
    QuotedPrintable,
}

/// <summary>One part's content, decoded line by line: digested, and judged by its first bytes.</summary>
internal sealed class Attachment(MailFields fields)
{
    /// <summary>Bytes that a file is judged by.</summary>
    private const int Window = 1024;

    private const int Piece = 512;

    private readonly StreamBuffer _first = new(Window);
    private readonly BodyHash _md5 = new(BodyHashKind.Md5);
    private readonly BodyHash _sha256 = new(BodyHashKind.Sha256);
    private Base64Decoder _base64;
    private PartEncoding _encoding;
    private bool _judged;
    private bool _broken; // bytes of it are missing: there is no digest of it

    /// <summary>How it is encoded; set by its header.</summary>
    /// <param name="value">The value of Content-Transfer-Encoding.</param>
    public void SetEncoding(ReadOnlySpan<byte> value)
    {
        if (MailText.IndexOf(value, "base64"u8) >= 0)
            _encoding = PartEncoding.Base64;
        else if (!fields.Quirks && MailText.IndexOf(value, "quoted-printable"u8) >= 0)
            _encoding = PartEncoding.QuotedPrintable;
    }

    /// <summary>Bytes of it never came.</summary>
    public void Gap() => _broken = true;

    /// <summary>Takes a line without its end.</summary>
    public void Line(Session session, Side side, ReadOnlySpan<byte> line)
    {
        Span<byte> decoded = stackalloc byte[Piece];
        if (_encoding == PartEncoding.Base64)
        {
            while (line.Length > 0)
            {
                // Three quarters of the characters, and what two of the line before may complete
                ReadOnlySpan<byte> piece = line[..Math.Min(line.Length, Piece)];
                line = line[piece.Length..];
                Append(session, side, decoded[.._base64.Decode(piece, decoded)]);
            }
        }
        else if (_encoding == PartEncoding.QuotedPrintable)
        {
            // White space at the end of a line was added on the way (RFC 2045 section 6.7).
            line = line.TrimEnd(" \t"u8);
            bool soft = line is [.., (byte)'='];
            line = soft ? line[..^1] : line;
            while (line.Length > 0)
                Append(session, side, decoded[..QuotedPrintable(ref line, decoded)]);
            if (!soft)
                Append(session, side, "\r\n"u8);
        }
    }

    /// <summary>Its delimiter has come: records its digests; ready for the next.</summary>
    public void End(Session session, Side side)
    {
        if (!_judged)
            Judge(session, side);
        if (!_broken)
        {
            _md5.AddTo(session.Fields, fields.Md5);
            _sha256.AddTo(session.Fields, fields.Sha256);
        }
        Free(session);
    }

    /// <summary>Forgets all.</summary>
    public void Free(Session session)
    {
        _first.Free(session);
        _md5.Reset();
        _sha256.Reset();
        _base64.Reset();
        _encoding = PartEncoding.None;
        _judged = _broken = false;
    }

    private static int QuotedPrintable(ref ReadOnlySpan<byte> line, scoped Span<byte> decoded)
    {
        int written = 0;
        int at = 0;
        while (at < line.Length && written < decoded.Length)
        {
            if (line[at] == '=' && at + 2 < line.Length && Hex.Value(line[at + 1]) >= 0 && Hex.Value(line[at + 2]) >= 0)
            {
                decoded[written++] = (byte)((Hex.Value(line[at + 1]) << 4) | Hex.Value(line[at + 2]));
                at += 3;
            }
            else
                decoded[written++] = line[at++];
        }
        line = line[at..];
        return written;
    }

    private void Append(Session session, Side side, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0)
            return;
        if (fields.HashMd5)
            _md5.Append(bytes);
        if (fields.HashSha256)
            _sha256.Append(bytes);
        if (_judged)
            return;
        _first.TryAppend(session, bytes[..Math.Min(bytes.Length, Window - _first.Length)]);
        // Arkime judges by the first line.
        if (_first.Length == Window || fields.Quirks)
            Judge(session, side);
    }

    private void Judge(Session session, Side side)
    {
        _judged = true;
        if (_first.Length > 0)
            session.Sub("magic")?.Parse(session, side, _first.Bytes, fields.BodyMagic);
        _first.Free(session);
    }
}
