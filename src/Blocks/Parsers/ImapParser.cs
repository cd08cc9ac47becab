using FlowPipe.Abstractions;
using FlowPipe.Parsers.Mail;

namespace FlowPipe.Parsers;

/// <summary>
/// IMAP (RFC 9051): folders that are opened, headers of messages that are fetched, NTLM, STARTTLS (which Arkime does not follow).
/// <code>
///                              * OK IMAP4rev2 ready
/// a1 SELECT INBOX
///                              a1 OK
/// a2 FETCH 1 BODY[HEADER]
///                              * 1 FETCH (BODY[HEADER] {40}
///                              From: a@example.com
///                              Subject: x
///
///                              )
/// </code>
/// </summary>
public sealed class ImapPlugin : IFlowPipePlugin
{
    /// <summary>A greeting that is too short for a name.</summary>
    private const int ShortestGreeting = 10;

    /// <inheritdoc/>
    public string Name => "imap";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new MailFields(registrar);
        ParserKind<ImapParser> kind = registrar.Parser("imap", () => new ImapParser(fields));
        registrar.Tcp("imap", 0, "* OK "u8, (session, side, first) => Greeted(session, kind, side, first));
    }

    private static void Greeted(Session session, ParserKind<ImapParser> kind, Side server, ReadOnlySpan<byte> first)
    {
        if (session.HasProtocol("imap"u8) || first.Length < ShortestGreeting || MailText.IndexOf(first[5..], "imap"u8) < 0)
            return;
        session.AddProtocol("imap"u8);
        session.Add(kind)?.Begin(server);
    }
}

/// <summary>One session's state.</summary>
internal sealed class ImapParser(MailFields fields) : MailboxParser("imap:line-too-long"u8.ToArray())
{
    private const int LongestTag = 64;

    private readonly StreamBuffer _header = new(LongestLine);
    private readonly byte[] _tlsTag = new byte[LongestTag];
    private int _tlsTagLength; // of the command that asks for TLS
    private bool _inFetch;
    private bool _inHeaders;

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        base.Free(session);
        _header.Free(session);
        _tlsTagLength = 0;
        _inFetch = _inHeaders = false;
    }

    /// <inheritdoc/>
    protected override Parsed ServerLine(Session session, ReadOnlySpan<byte> line)
    {
        if (_tlsTagLength > 0 && IsReplyToTls(line))
        {
            IsTlsNext = Lines.StartsWith(line[(_tlsTagLength + 1)..], "OK"u8);
            _tlsTagLength = 0;
        }
        if (line.Length > 6 && line.StartsWith("* "u8))
        {
            EndHeader(session);
            if (MailText.IndexOf(line, "fetch"u8) >= 0)
                _inFetch = _inHeaders = true;
        }
        else if (_inFetch && line is [(byte)')', ..])
        {
            EndHeader(session);
            _inFetch = _inHeaders = false;
        }
        else if (_inHeaders)
            HeaderLine(session, line);
        return Parsed.KeepGoing;
    }

    private bool IsReplyToTls(ReadOnlySpan<byte> line) =>
        line.Length > _tlsTagLength && line.StartsWith(_tlsTag.AsSpan(0, _tlsTagLength)) && line[_tlsTagLength] == ' ';

    /// <summary>Arkime takes each line by itself; a header goes on in the lines after it (RFC 5322 section 2.2.3).</summary>
    private void HeaderLine(Session session, ReadOnlySpan<byte> line)
    {
        if (fields.Quirks)
        {
            AddHeader(session, line);
            _inHeaders = line.Length > 0;
            return;
        }
        if (line is [(byte)' ' or (byte)'\t', ..] && _header.Length > 0)
        {
            _header.TryAppend(session, " "u8);
            _header.TryAppend(session, line[1..]);
            return;
        }
        EndHeader(session);
        _inHeaders = line.Length > 0;
        _header.TryAppend(session, line);
    }

    private void EndHeader(Session session)
    {
        if (_header.Length == 0)
            return;
        AddHeader(session, _header.Bytes);
        _header.Free(session);
    }

    private void AddHeader(Session session, ReadOnlySpan<byte> header)
    {
        int colon = header.IndexOf((byte)':');
        if (colon < 0 || colon + 1 == header.Length)
            return;
        ReadOnlySpan<byte> name = header[..colon];
        ReadOnlySpan<byte> value = header[(colon + 1)..];
        if (MailHeaders.Is(name, "from"u8))
            MailAddresses.Add(session.Fields, fields.Sender, value, empty: false);
        else if (MailHeaders.Is(name, "to"u8) || MailHeaders.Is(name, "cc"u8))
            MailAddresses.Add(session.Fields, fields.Receiver, value, empty: false);
        else if (!MailHeaders.Is(name, "subject"u8))
            return;
        else if (fields.Quirks)
            session.Fields.AddText(fields.Subject, MailText.TrimStart(value), TextEncoding.Utf8OrLatin1);
        else
            EncodedWords.Add(fields, session, fields.Subject, MailText.TrimStart(value));
    }

    /// <inheritdoc/>
    protected override Parsed ClientLine(Session session, Side side, ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        if (space < 0)
            return Parsed.KeepGoing;
        ReadOnlySpan<byte> tag = line[..space];
        ReadOnlySpan<byte> command = MailText.TrimStart(line[space..]);
        if (Lines.StartsWith(command, "SELECT "u8) || Lines.StartsWith(command, "EXAMINE "u8))
            AddFolder(session, MailText.TrimStart(command[(command[0] is (byte)'S' or (byte)'s' ? 7 : 8)..]));
        else if (Lines.StartsWith(command, "AUTHENTICATE NTLM"u8))
        {
            IsNtlm = true;
            SaslText.TryNtlm(session, side, MailText.TrimStart(command["AUTHENTICATE NTLM".Length..]));
        }
        else if (!fields.Quirks && Lines.StartsWith(command, "STARTTLS"u8) && tag.Length is > 0 and <= LongestTag)
        {
            tag.CopyTo(_tlsTag);
            _tlsTagLength = tag.Length;
        }
        return Parsed.KeepGoing;
    }

    private void AddFolder(Session session, ReadOnlySpan<byte> folder)
    {
        if (folder is [(byte)'"', ..])
            folder = folder[1..] is var text && text.IndexOf((byte)'"') is >= 0 and var quote ? text[..quote] : folder[1..];
        else
            folder = folder.TrimEnd(" \t"u8);
        if (folder.Length > 0)
            session.Fields.AddText(fields.Folder, folder, TextEncoding.Utf8OrLatin1);
    }
}
