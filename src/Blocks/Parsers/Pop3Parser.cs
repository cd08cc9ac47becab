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
internal sealed class Pop3Parser(MailFields fields) : MailboxParser("pop3:line-too-long"u8.ToArray())
{
    /// <summary>Negotiate, challenge, authenticate.</summary>
    private const int NtlmMessages = 3;

    private int _ntlmMessages;
    private bool _askedForTls;

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        base.Free(session);
        _ntlmMessages = 0;
        _askedForTls = false;
    }

    /// <inheritdoc/>
    protected override Parsed Ntlm() => ++_ntlmMessages < NtlmMessages ? Parsed.KeepGoing : Parsed.Unregister;

    /// <inheritdoc/>
    protected override Parsed ServerLine(Session session, ReadOnlySpan<byte> line)
    {
        if (_askedForTls)
        {
            _askedForTls = false;
            IsTlsNext = line.StartsWith("+OK"u8);
        }
        return Parsed.KeepGoing;
    }

    /// <inheritdoc/>
    protected override Parsed ClientLine(Session session, Side side, ReadOnlySpan<byte> line)
    {
        if (Lines.StartsWith(line, "AUTH NTLM"u8))
        {
            session.AddTag("pop3:authntlm"u8);
            IsNtlm = true;
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
            return Parsed.Unregister; // all is known
        }
        return Parsed.KeepGoing;
    }
}
