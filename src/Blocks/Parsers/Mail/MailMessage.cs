using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Mail;

/// <summary>
/// One message after the other of a session, line by line (RFC 5322), and the parts of multiparts in them (RFC 2046).
/// <code>
/// Subject: a long          \
///  subject                  | headers, folded: a line that begins with white space goes on with the one before
/// Content-Type: multipart/mixed; boundary="x"
///                          an empty line
/// preamble
/// --x                      \
/// Content-Transfer-Encoding: base64
///                           | a part: headers, an empty line, content
/// AAECAwQF                 /
/// --x--
/// </code>
/// </summary>
internal sealed class MailMessage(MailFields fields)
{
    /// <summary>Bytes of a header with all its lines.</summary>
    private const int LongestHeader = 10_000;

    private readonly StreamBuffer _header = new(LongestHeader);
    private readonly Boundaries _boundaries = new();
    private readonly Attachment _part = new(fields);
    private Place _place;

    private enum Place : byte
    {
        Headers,
        Body,
        PartHeaders,
        PartContent,
    }

    /// <summary>The first byte of the next line is known: a header that does not go on in it is complete.</summary>
    public void Next(Session session, byte first)
    {
        if (_header.Length == 0 || first is (byte)' ' or (byte)'\t')
            return;
        ReadOnlySpan<byte> header = _header.Bytes;
        int colon = header.IndexOf((byte)':');
        if (colon >= 0)
            AddHeader(session, header[..colon], header[(colon + 1)..]);
        _header.Free(session);
    }

    /// <summary>Takes a line without its end.</summary>
    /// <returns>False when a header is too long.</returns>
    public bool Line(Session session, Side side, ReadOnlySpan<byte> line)
    {
        if (line.Length > 0)
            Next(session, line[0]);
        switch (_place)
        {
            case Place.Headers or Place.PartHeaders when line.Length == 0:
                Next(session, 0);
                _place = _place == Place.Headers ? Place.Body : Place.PartContent;
                return true;
            case Place.Headers or Place.PartHeaders:
                return AppendHeader(session, line);
            default:
                if (_boundaries.IsDelimiter(line))
                {
                    _part.End(session, side);
                    _place = Place.PartHeaders;
                }
                else if (_place == Place.PartContent)
                    _part.Line(session, side, line);
                return true;
        }
    }

    /// <summary>Bytes of it never came: what is left of a header, and the part's digests, would be wrong.</summary>
    public void Gap(Session session)
    {
        _header.Free(session);
        _part.Gap();
    }

    /// <summary>The message is complete; the next line is another's.</summary>
    public void End(Session session)
    {
        Next(session, 0);
        Free(session);
    }

    /// <summary>Forgets all.</summary>
    public void Free(Session session)
    {
        _header.Free(session);
        _boundaries.Free(session);
        _part.Free(session);
        _place = Place.Headers;
    }

    private bool AppendHeader(Session session, ReadOnlySpan<byte> line)
    {
        if (_header.Length > 0 && _place == Place.Headers)
        {
            // The white space that a line begins with stands for a space
            if (!_header.TryAppend(session, " "u8))
                return false;
            line = line[1..];
        }
        return _header.TryAppend(session, line);
    }

    private void AddHeader(Session session, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (MailHeaders.Is(name, "content-type"u8) && MailText.TryParameter(value, "boundary="u8, out ReadOnlySpan<byte> boundary))
            _boundaries.Add(session, boundary);
        if (_place == Place.Headers)
            MailHeaders.Add(fields, session, name, value);
        else if (MailHeaders.Is(name, "content-disposition"u8))
        {
            if (MailText.TryParameter(value, "filename="u8, out ReadOnlySpan<byte> fileName))
                EncodedWords.Add(fields, session, fields.FileName, fileName);
        }
        else if (MailHeaders.Is(name, "content-transfer-encoding"u8))
            _part.SetEncoding(value);
        else if (MailHeaders.Is(name, "content-type"u8) && !fields.Quirks)
            AddContentType(session, value);
    }

    /// <summary>A part that holds parts is no attachment.</summary>
    private void AddContentType(Session session, ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> type = value.IndexOf((byte)';') is >= 0 and var end ? value[..end] : value;
        type = Lines.Trim(type);
        if (type.Length > 0 && !Lines.StartsWith(type, "multipart/"u8))
            session.Fields.AddLower(fields.FileContentType, type);
    }
}
