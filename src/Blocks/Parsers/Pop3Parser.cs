using FlowPipe.Abstractions;
using FlowPipe.Parsers.Mail;

namespace FlowPipe.Parsers;

/// <summary>
/// POP3 (RFC 1939): who logs in, NTLM (RFC 5034), STLS (RFC 2595), which Arkime does not follow.
/// <code>
///                              +OK POP3 server ready
/// USER a
///                              +OK
/// </code>
/// </summary>
public sealed class Pop3Plugin : IFlowPipePlugin
{
    private const int ShortestGreeting = 8;
    private const ushort Port = 110;

    /// <inheritdoc/>
    public string Name => "pop3";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new MailFields(registrar);
        ParserKind<Pop3Parser> kind = registrar.Parser("pop3", () => new Pop3Parser(fields));
        registrar.Tcp("pop3", 0, "+OK "u8, (session, side, first) => Greeted(session, kind, fields.Quirks, side, first));
    }

    /// <summary>Other protocols say +OK too: the greeting names POP, or the port is POP's.</summary>
    private static void Greeted(Session session, ParserKind<Pop3Parser> kind, bool quirks, Side server, ReadOnlySpan<byte> first)
    {
        if (session.HasProtocol("pop3"u8) || first.Length < ShortestGreeting)
            return;
        ushort port = server == Side.Server ? session.DestinationPort : session.SourcePort;
        if ((port != Port || quirks) && MailText.IndexOf(first[4..], "pop"u8) < 0)
            return;
        session.AddProtocol("pop3"u8);
        session.Add(kind)?.Begin(server);
    }
}

/// <summary>One session's state.</summary>
internal sealed class Pop3Parser(MailFields fields) : SessionParser
{
    private const int LongestLine = 16_384;

    /// <summary>Negotiate, challenge, authenticate.</summary>
    private const int NtlmMessages = 3;

    private readonly StreamBuffer _fromClient = new(LongestLine);
    private readonly StreamBuffer _fromServer = new(LongestLine);
    private Side _server;
    private bool _isNtlm;
    private int _ntlmMessages;
    private bool _askedForTls;
    private bool _inTls;

    /// <summary>Its first call.</summary>
    public void Begin(Side server) => _server = server;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        bool server = data.Side == _server;
        StreamBuffer kept = server ? _fromServer : _fromClient;
        if (data.GapBefore > 0)
            kept.Free(session);
        ReadOnlySpan<byte> rest = kept.Join(session, data.Bytes);
        while (rest.Length > 0)
        {
            if (_inTls && TlsStart.IsTls(rest[0]))
            {
                session.Classify(data.Side, rest);
                return Parsed.Unregister;
            }
            if (!Lines.TryTake(ref rest, out ReadOnlySpan<byte> line))
                break;
            if (line.Length > LongestLine)
                return TooLong(session);
            if (_isNtlm && TryNtlm(session, data.Side, line, server))
            {
                if (_ntlmMessages >= NtlmMessages)
                    return Parsed.Unregister;
            }
            else if (server)
                ServerLine(line);
            else if (ClientLine(session, data.Side, line))
                return Parsed.Unregister;
        }
        return kept.Keep(session, rest) ? Parsed.KeepGoing : TooLong(session);
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _fromClient.Free(session);
        _fromServer.Free(session);
        _ntlmMessages = 0;
        _isNtlm = _askedForTls = _inTls = false;
    }

    private static Parsed TooLong(Session session)
    {
        session.AddTag("pop3:line-too-long"u8);
        return Parsed.Unregister;
    }

    private bool TryNtlm(Session session, Side side, ReadOnlySpan<byte> line, bool server)
    {
        if (!SaslText.TryNtlm(session, side, server && line.StartsWith("+ "u8) ? line[2..] : line))
            return false;
        _ntlmMessages++;
        return true;
    }

    private void ServerLine(ReadOnlySpan<byte> line)
    {
        if (!_askedForTls)
            return;
        _askedForTls = false;
        _inTls = line.StartsWith("+OK"u8);
    }

    /// <returns>Whether all is known.</returns>
    private bool ClientLine(Session session, Side side, ReadOnlySpan<byte> line)
    {
        if (Lines.StartsWith(line, "AUTH NTLM"u8))
        {
            session.AddTag("pop3:authntlm"u8);
            _isNtlm = true;
            if (SaslText.TryNtlm(session, side, MailText.TrimStart(line["AUTH NTLM".Length..])))
                _ntlmMessages++;
        }
        else if (!fields.Quirks && Lines.StartsWith(line, "STLS"u8))
            _askedForTls = true;
        else if (Lines.StartsWith(line, "USER "u8))
        {
            ReadOnlySpan<byte> user = Lines.Trim(line[5..]);
            if (user.Length > 0)
                session.Fields.AddLower(fields.User, user);
            return true;
        }
        return false;
    }
}
