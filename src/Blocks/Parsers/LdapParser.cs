using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// LDAP (RFC 4511 section 4) over TCP and UDP, in BER.
/// <code>
/// message:       SEQUENCE { id INTEGER, operation [APPLICATION n], … }
/// 0 bind:        { version INTEGER, name OCTET STRING, [0] password | [3] { mechanism OCTET STRING, credentials OCTET STRING } | [10], [11] NTLM }
/// 1 its answer:  { result ENUMERATED, matched name OCTET STRING, message OCTET STRING, … [7] credentials }
/// 23, 24 extended request and response: STARTTLS
/// </code>
/// Active Directory answers NTLM's negotiation in the place of the matched name (MS-ADTS section 5.1.1.1.3).
/// </summary>
public sealed class LdapPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "ldap";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new LdapFields(registrar);
        ParserKind<LdapParser> kind = registrar.Parser("ldap", () => new LdapParser(fields));
        Classifier classify = (session, _, bytes) =>
        {
            if (!LdapParser.IsMessage(bytes))
                return;
            session.AddProtocol("ldap"u8);
            session.Add(kind);
        };
        registrar.Tcp("ldap", 0, [LdapParser.Sequence], classify);
        registrar.Udp("ldap", 0, [LdapParser.Sequence], classify);
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class LdapFields(IRegistrar registrar)
{
    public SpiField AuthType { get; } = registrar.Field("ldap.authtype");
    public SpiField BindName { get; } = registrar.Field("ldap.bindname");
}

/// <summary>Parses messages; those too long to be about authentication are stepped over.</summary>
internal sealed class LdapParser(LdapFields fields) : MessageParser(Longest)
{
    public const byte Sequence = 0x30;
    private const int Longest = 16 * 1024;
    private const int BindRequest = 0;
    private const int BindResponse = 1;
    private const int ExtendedResponse = 24;
    private const int LastOperation = 25;
    private const int Application = 1;

    private bool _startTls;

    /// <summary>Whether a message begins here; its end may not have come.</summary>
    public static bool IsMessage(ReadOnlySpan<byte> bytes)
    {
        var outer = new BerReader(bytes, cut: true);
        if (!outer.TryRead(Sequence, out BerElement message))
            return false;
        var inner = new BerReader(message.Content, cut: true);
        return inner.TryRead(0x02, out _)
            && inner.TryRead(out BerElement operation)
            && operation is { Class: Application, IsConstructed: true, Number: <= LastOperation };
    }

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        // The client asks for TLS and waits for the answer, behind which nothing but TLS comes.
        if (_startTls && !data.Bytes.IsEmpty && data.Bytes[0] != Sequence)
        {
            session.Classify(data.Side, data.Bytes);
            return Parsed.Unregister;
        }
        return base.Parse(session, data);
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        base.Free(session);
        _startTls = false;
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes) => bytes[0] == Sequence ? BerMessages.Measure(bytes) : Malformed;

    /// <inheritdoc/>
    protected override bool SkipsLong(Session session, Side side, ReadOnlySpan<byte> beginning, int length) => true;

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        // A datagram may have been cut short.
        var outer = new BerReader(message, cut: true);
        if (!outer.TryRead(Sequence, out BerElement whole))
            return session.Protocol.Type != SessionType.Tcp;
        var elements = new BerReader(whole.Content, cut: true);
        if (!elements.TryRead(0x02, out _) || !elements.TryRead(out BerElement operation) || operation.Class != Application)
            return session.Protocol.Type != SessionType.Tcp;
        switch (operation.Number)
        {
            case BindRequest:
                ReadBind(session, side, new BerReader(operation.Content, cut: true));
                break;
            case BindResponse:
                ReadAnswer(session, side, new BerReader(operation.Content, cut: true));
                break;
            case ExtendedResponse:
                _startTls = true;
                break;
        }
        return true;
    }

    /// <inheritdoc/>
    protected override void ReadUnfinished(Session session, Side side, ReadOnlySpan<byte> beginning) => Read(session, side, beginning);

    private void ReadBind(Session session, Side side, BerReader elements)
    {
        if (!elements.TryRead(out _) || !elements.TryRead(out BerElement name))
            return;
        SpiFields values = session.Fields;
        if (name.Content.IsEmpty)
            values.Add(fields.BindName, "<ROOT>"u8);
        else
            values.AddText(fields.BindName, name.Content, TextEncoding.Utf8OrLatin1);
        if (!elements.TryRead(out BerElement authentication))
            return;
        switch (authentication.Number)
        {
            case 0:
                values.Add(fields.AuthType, authentication.Content.IsEmpty ? "none"u8 : "simple"u8);
                break;
            case 3:
                values.Add(fields.AuthType, "sasl"u8);
                session.Sub("ntlm")?.Parse(session, side, authentication.Content);
                break;
            case 10:
                values.Add(fields.AuthType, "ntlmsspNegotiate"u8);
                session.Sub("ntlm")?.Parse(session, side, authentication.Content);
                break;
            case 11:
                values.Add(fields.AuthType, "ntlmsspAuth"u8);
                session.Sub("ntlm")?.Parse(session, side, authentication.Content);
                break;
            default:
                var text = new TextBuilder(stackalloc byte[12]);
                text.Append(authentication.Number);
                values.Add(fields.AuthType, text.Text);
                break;
        }
    }

    private static void ReadAnswer(Session session, Side side, BerReader elements)
    {
        if (!elements.TryRead(out _) || !elements.TryRead(out BerElement matched))
            return;
        if (session.Sub("ntlm") is not { } ntlm || ntlm.Parse(session, side, matched.Content) || !elements.TryRead(out _))
            return;
        while (elements.TryRead(out BerElement more))
        {
            if (more.Number == 7)
                ntlm.Parse(session, side, more.Content);
        }
    }
}
