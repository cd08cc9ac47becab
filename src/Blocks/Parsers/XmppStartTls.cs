using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>
/// STARTTLS of XMPP (RFC 6120 section 5.4.2.3): when the server has said <c>&lt;proceed …&gt;</c>, what follows is another protocol.
/// </summary>
public sealed class XmppStartTlsPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "xmpp-starttls";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        if (!registrar.Setting("xmppStartTls", true, "Follows XMPP into TLS; false: as Arkime, which does not"))
            return;
        ParserKind<XmppStartTlsParser> kind = registrar.Parser("xmpp-starttls", static () => new XmppStartTlsParser());
        Classifier classify = (session, _, bytes) =>
        {
            if (bytes[..Math.Min(bytes.Length, 200)].IndexOf("jabber:"u8) >= 0)
                session.Add(kind);
        };
        registrar.Tcp("xmpp", 0, "<?xml"u8, classify);
        registrar.Tcp("xmpp", 0, "<stream:stream"u8, classify);
    }
}

/// <summary>Waits for the server's word; before it there are a few hundred bytes of features.</summary>
internal sealed class XmppStartTlsParser : SessionParser
{
    private const int MostBytes = 16 * 1024;
    private const int LongestElement = 256;
    private readonly StreamBuffer _client = new(LongestElement);
    private readonly StreamBuffer _server = new(LongestElement);
    private int _bytes;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        // Who answers is not known in a stream whose beginning was not captured, so both sides are listened to.
        StreamBuffer kept = data.Side == Side.Client ? _client : _server;
        ReadOnlySpan<byte> rest = kept.Join(session, data.Bytes);
        _bytes += data.Bytes.Length;
        int at = rest.IndexOf("<proceed"u8);
        int end = at < 0 ? -1 : rest[at..].IndexOf((byte)'>');
        if (end >= 0)
        {
            session.Classify(data.Side, rest[(at + end + 1)..]);
            return Parsed.Unregister;
        }
        rest = rest[Math.Max(0, rest.Length - LongestElement)..];
        return data.GapBefore > 0 || _bytes > MostBytes || !kept.Keep(session, rest) ? Parsed.Unregister : Parsed.KeepGoing;
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
        _bytes = 0;
    }
}
