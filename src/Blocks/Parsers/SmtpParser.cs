using FlowPipe.Abstractions;
using FlowPipe.Parsers.Mail;

namespace FlowPipe.Parsers;

/// <summary>
/// SMTP (RFC 5321) and LMTP (RFC 2033), with CHUNKING (RFC 3030), PIPELINING (RFC 2920), AUTH (RFC 4954) and STARTTLS (RFC 3207).
/// <code>
///                              220 mx.example.org ESMTP
/// EHLO mail.example.com
///                              250-mx.example.org
///                              250 CHUNKING
/// MAIL FROM:&lt;a@example.com&gt;
///                              250 OK
/// RCPT TO:&lt;b@example.org&gt;
///                              250 OK
/// DATA                         or BDAT octets [LAST] CR LF octets
///                              354 Go on
/// headers, empty line, body
/// .
///                              250 Accepted
/// </code>
/// </summary>
public sealed class SmtpPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "smtp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new MailFields(registrar);
        ParserKind<SmtpParser> kind = registrar.Parser("smtp", () => new SmtpParser(fields));
        foreach (ReadOnlyMemory<byte> hello in Hellos)
            registrar.Tcp(
                "smtp",
                0,
                hello.Span,
                (session, side, first) => Begin(session, kind, side, first[0] == 'L' ? "lmtp"u8 : "smtp"u8)
            );
        registrar.Tcp("smtp", 0, "220 "u8, (session, side, first) => Greeted(session, kind, side, first));
        registrar.Tcp("smtp", 0, "220-"u8, (session, side, first) => Greeted(session, kind, side, first));
    }

    private static readonly ReadOnlyMemory<byte>[] Hellos = ["HELO "u8.ToArray(), "EHLO "u8.ToArray(), "LHLO "u8.ToArray()];

    /// <summary>FTP and others greet with 220 too: the name of the protocol says which it is.</summary>
    private static void Greeted(Session session, ParserKind<SmtpParser> kind, Side server, ReadOnlySpan<byte> first)
    {
        Side client = server == Side.Client ? Side.Server : Side.Client;
        if (first.IndexOf("SMTP"u8) >= 0)
            Begin(session, kind, client, "smtp"u8);
        else if (first.IndexOf("LMTP"u8) >= 0)
            Begin(session, kind, client, "lmtp"u8);
    }

    private static void Begin(Session session, ParserKind<SmtpParser> kind, Side client, ReadOnlySpan<byte> name)
    {
        if (session.HasProtocol("smtp"u8) || session.HasProtocol("lmtp"u8))
            return;
        session.AddProtocol(name);
        session.Add(kind)?.Begin(client);
    }
}

/// <summary>One session's state.</summary>
internal sealed class SmtpParser(MailFields fields) : SessionParser
{
    /// <summary>Bytes of a line, its end not counted: ten times what the RFC has senders keep to.</summary>
    private const int LongestLine = 10_000;

    private const int LargestChunk = 1 << 30;

    private readonly StreamBuffer _fromClient = new(LongestLine + 1); // CR may have come before LF
    private readonly StreamBuffer _fromServer = new(LongestLine + 1);
    private readonly StreamBuffer _chunkText = new(LongestLine + 1); // a line that a chunk did not end
    private readonly MailMessage _message = new(fields);
    private Side _client;
    private Expected _expected;
    private int _chunk; // bytes to come
    private bool _lastChunk;
    private bool _isNtlm;
    private bool _wantsStatus; // the next reply says what became of the message
    private bool _askedForTls; // the next reply says whether TLS begins
    private bool _inTls;
    private bool _skipClientLine; // the rest of a line whose beginning is lost
    private bool _skipServerLine;

    /// <summary>What the client sends next.</summary>
    private enum Expected : byte
    {
        Command,
        LoginName,
        LoginPassword,
        PlainResponse,
        Message,
        Chunk,
    }

    /// <summary>Its first call.</summary>
    /// <param name="client">Who sends mail; whoever connected, but for streams whose beginning is lost.</param>
    public void Begin(Side client) => _client = client;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        bool client = data.Side == _client;
        if (data.GapBefore > 0 && !Gap(session, client, data.GapBefore))
            return Parsed.Unregister;
        StreamBuffer kept = client ? _fromClient : _fromServer;
        ReadOnlySpan<byte> rest = kept.Join(session, data.Bytes);
        while (rest.Length > 0)
        {
            if (_inTls)
            {
                if (TlsStart.IsTls(rest[0]))
                {
                    session.Classify(data.Side, rest);
                    return Parsed.Unregister;
                }
                _inTls = false;
            }
            if (client && _expected == Expected.Chunk)
            {
                if (!Chunk(session, data.Side, ref rest))
                    return TooLong(session);
                continue;
            }
            if (client && _expected == Expected.Message)
                _message.Next(session, rest[0]);
            if (!CrLines.TryTake(ref rest, out ReadOnlySpan<byte> line))
                break;
            if (line.Length > LongestLine || !(client ? ClientLine(session, data.Side, line) : ServerLine(session, data.Side, line)))
                return TooLong(session);
        }
        return kept.Keep(session, rest) ? Parsed.KeepGoing : TooLong(session);
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _fromClient.Free(session);
        _fromServer.Free(session);
        _chunkText.Free(session);
        _message.Free(session);
        _expected = Expected.Command;
        _chunk = 0;
        _lastChunk = _isNtlm = _wantsStatus = _askedForTls = _inTls = _skipClientLine = _skipServerLine = false;
    }

    private static Parsed TooLong(Session session)
    {
        session.AddTag("smtp:line-too-long"u8);
        return Parsed.Unregister;
    }

    /// <summary>Lines go on behind a gap; a chunk does where the gap was within it.</summary>
    private bool Gap(Session session, bool client, int bytes)
    {
        if (!client)
        {
            _fromServer.Free(session);
            _skipServerLine = true;
            return true;
        }
        _fromClient.Free(session);
        if (_expected != Expected.Chunk)
            _skipClientLine = true;
        else if (bytes >= _chunk)
            return false;
        else
        {
            _chunk -= bytes;
            _chunkText.Free(session);
        }
        _message.Gap(session);
        return true;
    }

    private bool ServerLine(Session session, Side side, ReadOnlySpan<byte> line)
    {
        if (_skipServerLine)
        {
            _skipServerLine = false;
            return true;
        }
        if (_isNtlm && line.StartsWith("334 "u8) && SaslText.TryNtlm(session, side, line[4..]))
            return true;
        if (_wantsStatus)
        {
            _wantsStatus = false;
            AddStatus(session, MailText.Number(line));
        }
        else if (_askedForTls)
        {
            _askedForTls = false;
            _inTls = line is [(byte)'2', ..];
        }
        return true;
    }

    private static void AddStatus(Session session, int code)
    {
        Span<byte> tag = stackalloc byte[32];
        "smtp:statuscode:"u8.CopyTo(tag);
        code.TryFormat(tag["smtp:statuscode:".Length..], out int digits, provider: System.Globalization.CultureInfo.InvariantCulture);
        session.AddTag(tag[..("smtp:statuscode:".Length + digits)]);
    }

    private bool ClientLine(Session session, Side side, ReadOnlySpan<byte> line)
    {
        if (_skipClientLine)
        {
            _skipClientLine = false;
            return true;
        }
        switch (_expected)
        {
            case Expected.Message when line is [(byte)'.']:
                EndMessage(session);
                _wantsStatus = true;
                return true;
            case Expected.Message:
                // A line that begins with a dot has one more on the way (RFC 5321 section 4.5.2).
                return _message.Line(session, side, line is [(byte)'.', ..] ? line[1..] : line);
            case Expected.LoginName:
                _expected = SaslText.AddLogin(session.Fields, fields.User, line) ? Expected.LoginPassword : Expected.Command;
                return true;
            case Expected.LoginPassword:
                _expected = Expected.Command;
                return true;
            case Expected.PlainResponse:
                SaslText.AddPlain(session.Fields, fields.User, line);
                _expected = Expected.Command;
                return true;
            default:
                return Command(session, side, line);
        }
    }

    private bool Command(Session session, Side side, ReadOnlySpan<byte> line)
    {
        if (_isNtlm && SaslText.TryNtlm(session, side, line))
            return true;
        if (Lines.StartsWith(line, "MAIL FROM:"u8))
            session.Fields.AddLower(fields.Sender, MailText.Between(line[10..], (byte)'<', (byte)'>'));
        else if (Lines.StartsWith(line, "RCPT TO:"u8))
            session.Fields.AddLower(fields.Receiver, MailText.Between(line[8..], (byte)'<', (byte)'>'));
        else if (Lines.StartsWith(line, "DATA"u8))
            _expected = Expected.Message;
        else if (Lines.StartsWith(line, "BDAT "u8))
            return BeginChunk(session, line[5..]);
        else if (Lines.StartsWith(line, "HELO "u8) || Lines.StartsWith(line, "EHLO "u8) || Lines.StartsWith(line, "LHLO "u8))
            session.Fields.AddLower(fields.Hello, line[5..]);
        else if (Lines.StartsWith(line, "AUTH "u8))
            Authenticate(session, side, line[5..]);
        else if (Lines.StartsWith(line, "STARTTLS"u8))
        {
            session.AddTag("smtp:starttls"u8);
            _askedForTls = true;
        }
        return true;
    }

    /// <summary>The mechanism, and maybe the first response with it (RFC 4954 section 4).</summary>
    private void Authenticate(Session session, Side side, ReadOnlySpan<byte> text)
    {
        int space = text.IndexOf((byte)' ');
        ReadOnlySpan<byte> mechanism = space < 0 ? text : text[..space];
        ReadOnlySpan<byte> response = space < 0 ? default : text[(space + 1)..];
        if (MailHeaders.Is(mechanism, "login"u8))
        {
            session.AddTag("smtp:authlogin"u8);
            if (response.Length == 0)
                _expected = Expected.LoginName;
            else if (SaslText.AddLogin(session.Fields, fields.User, response))
                _expected = Expected.LoginPassword;
        }
        else if (MailHeaders.Is(mechanism, "plain"u8))
        {
            session.AddTag("smtp:authplain"u8);
            if (response.Length == 0)
                _expected = Expected.PlainResponse;
            else
                SaslText.AddPlain(session.Fields, fields.User, response);
        }
        else if (MailHeaders.Is(mechanism, "ntlm"u8))
        {
            session.AddTag("smtp:authntlm"u8);
            _isNtlm = true;
            SaslText.TryNtlm(session, side, response);
        }
    }

    /// <returns>False when the session's data can't be followed any more.</returns>
    private bool BeginChunk(Session session, ReadOnlySpan<byte> arguments)
    {
        _chunk = MailText.Number(arguments);
        _lastChunk = MailText.IndexOf(arguments, "last"u8) >= 0;
        if (_chunk > LargestChunk)
        {
            session.AddTag("smtp:bad-bdat"u8);
            return false;
        }
        if (_chunk > 0)
            _expected = Expected.Chunk;
        else if (_lastChunk)
            EndMessage(session);
        return true;
    }

    /// <summary>Takes what there is of a chunk. Lines need not end where chunks do.</summary>
    private bool Chunk(Session session, Side side, ref ReadOnlySpan<byte> rest)
    {
        int length = Math.Min(_chunk, rest.Length);
        ReadOnlySpan<byte> text = _chunkText.Join(session, rest[..length]);
        rest = rest[length..];
        _chunk -= length;
        while (text.Length > 0)
        {
            _message.Next(session, text[0]);
            if (!CrLines.TryTake(ref text, out ReadOnlySpan<byte> line))
                break;
            if (line.Length > LongestLine || !_message.Line(session, side, line))
                return false;
        }
        if (_chunk > 0)
            return _chunkText.Keep(session, text);
        _expected = Expected.Command;
        if (!_lastChunk)
            return _chunkText.Keep(session, text);
        bool fits = text.Length == 0 || _message.Line(session, side, text.TrimEnd((byte)'\r'));
        _chunkText.Free(session);
        EndMessage(session);
        return fits;
    }

    private void EndMessage(Session session)
    {
        _message.End(session);
        _expected = Expected.Command;
    }
}
