using System.Buffers.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// The Session Initiation Protocol (RFC 3261 section 7), over UDP a message a datagram, over TCP one after the other.
/// <code>
/// INVITE sip:bob@example.com SIP/2.0 CRLF    or    SIP/2.0 200 OK CRLF
/// Name: value CRLF …                               a name may be one letter (section 7.3.3)
/// CRLF
/// body, as many bytes as Content-Length says
/// </code>
/// </summary>
public sealed class SipPlugin : IFlowPipePlugin
{
    private const int Shortest = 12;
    private const int LongestFirstLine = 200;

    private static readonly string[] Methods =
    [
        "ACK",
        "BYE",
        "CANCEL",
        "INFO",
        "INVITE",
        "MESSAGE",
        "NOTIFY",
        "OPTIONS",
        "PRACK",
        "PUBLISH",
        "REFER",
        "REGISTER",
        "SUBSCRIBE",
        "UPDATE",
    ];

    /// <inheritdoc/>
    public string Name => "sip";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new SipFields(registrar);
        ParserKind<SipParser> kind = registrar.Parser("sip", () => new SipParser(fields));
        Classifier classify = (session, _, bytes) =>
        {
            if (bytes.Length < Shortest || bytes[..Math.Min(bytes.Length, LongestFirstLine)].IndexOf(SipParser.Version) < 0)
                return;
            session.AddProtocol("sip"u8);
            session.Add(kind);
        };
        bool onlySip = ArkimeQuirks.AskedFor(registrar);
        registrar.Udp("sip", 0, SipParser.Version, classify);
        registrar.Tcp("sip", 0, SipParser.Version, classify);
        foreach (string method in Methods)
        {
            // Arkime takes a request to a telephone number for none, unless something else came first.
            byte[] start = System.Text.Encoding.ASCII.GetBytes(method + (onlySip ? " sip:" : " "));
            registrar.Udp("sip", 0, start, classify);
            registrar.Tcp("sip", 0, start, classify);
        }
    }

    /// <summary>Whether a request's first word is a method.</summary>
    internal static bool IsMethod(ReadOnlySpan<byte> word)
    {
        foreach (string method in Methods)
        {
            if (System.Text.Ascii.Equals(word, method))
                return true;
        }
        return false;
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class SipFields(IRegistrar registrar)
{
    public SpiField Method { get; } = registrar.Field("sip.method");
    public SpiField Status { get; } = registrar.Field("sip.statuscode");
    public SpiField CallId { get; } = registrar.Field("sip.callid");
    public SpiField From { get; } = registrar.Field("sip.from");
    public SpiField To { get; } = registrar.Field("sip.to");
    public SpiField UserAgent { get; } = registrar.Field("sip.user-agent");
    public SpiField Via { get; } = registrar.Field("sip.via");
    public SpiField Contact { get; } = registrar.Field("sip.contact");
    public SpiField User { get; } = registrar.Field("sip.user");
}

/// <summary>Parses the heads of messages and steps over their bodies.</summary>
internal sealed class SipParser(SipFields fields) : SessionParser
{
    private const int LongestHead = 32 * 1024;
    private const int LongestBody = 1 << 24;

    private readonly StreamBuffer _client = new(LongestHead);
    private readonly StreamBuffer _server = new(LongestHead);
    private int _clientBody; // bytes of a body that are still to come
    private int _serverBody;

    /// <summary>What every first line has in it.</summary>
    public static ReadOnlySpan<byte> Version => "SIP/2.0"u8;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (session.Protocol.Type == SessionType.Udp)
        {
            ReadHead(session.Fields, data.Bytes);
            return Parsed.KeepGoing;
        }
        if (data.GapBefore > 0)
            return Parsed.Unregister;
        bool goesOn =
            data.Side == Side.Client
                ? TakeStream(session, _client, ref _clientBody, data.Bytes)
                : TakeStream(session, _server, ref _serverBody, data.Bytes);
        return goesOn ? Parsed.KeepGoing : Parsed.Unregister;
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
        _clientBody = _serverBody = 0;
    }

    private bool TakeStream(Session session, StreamBuffer kept, ref int body, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> rest = kept.Join(session, bytes);
        while (true)
        {
            int skipped = Math.Min(body, rest.Length);
            body -= skipped;
            rest = rest[skipped..];
            // Empty lines between messages keep connections alive (RFC 5626 section 3.5.1).
            while (rest is [(byte)'\r' or (byte)'\n', ..])
                rest = rest[1..];
            int end = rest.IndexOf("\r\n\r\n"u8);
            if (end < 0)
                return kept.Keep(session, rest);
            body = ReadHead(session.Fields, rest[..(end + 4)]);
            rest = rest[(end + 4)..];
        }
    }

    /// <summary>Reads a first line and headers, up to the empty line.</summary>
    /// <returns>The body's length; 0 when it is not said.</returns>
    private int ReadHead(SpiFields to, ReadOnlySpan<byte> rest)
    {
        int body = 0;
        if (!Lines.TryTake(ref rest, out ReadOnlySpan<byte> line))
            return body;
        ReadFirstLine(to, line);
        while (Lines.TryTake(ref rest, out line) && !line.IsEmpty)
        {
            int colon = line.IndexOf((byte)':');
            if (colon <= 0)
                continue;
            ReadOnlySpan<byte> name = line[..colon];
            ReadOnlySpan<byte> value = line[(colon + 1)..].TrimStart(" \t"u8);
            if (value.IsEmpty)
                continue;
            if (Is(name, "Content-Length"u8, 'l'))
                body = Utf8Parser.TryParse(value, out int length, out _) ? Math.Clamp(length, 0, LongestBody) : 0;
            else
                ReadHeader(to, name, value);
        }
        return body;
    }

    private void ReadFirstLine(SpiFields to, ReadOnlySpan<byte> line)
    {
        if (line.StartsWith(Version))
        {
            if (line.Length > 8 && Utf8Parser.TryParse(line[8..], out int status, out _) && status is >= 100 and < 700)
                to.Add(fields.Status, status);
            return;
        }
        int space = line.IndexOf((byte)' ');
        if (space > 0 && SipPlugin.IsMethod(line[..space]) && line.IndexOf(Version) > space)
            to.Add(fields.Method, line[..space]);
    }

    private void ReadHeader(SpiFields to, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        SpiField field = default;
        bool hasUser = false;
        if (Is(name, "Call-ID"u8, 'i'))
            field = fields.CallId;
        else if (Is(name, "From"u8, 'f'))
            (field, hasUser) = (fields.From, true);
        else if (Is(name, "To"u8, 't'))
            (field, hasUser) = (fields.To, true);
        else if (Is(name, "User-Agent"u8))
            field = fields.UserAgent;
        else if (Is(name, "Via"u8, 'v'))
            field = fields.Via;
        else if (Is(name, "Contact"u8, 'm'))
            field = fields.Contact;
        else if (Is(name, "Authorization"u8))
            AddDigestUser(to, value);
        if (field.IsNone)
            return;
        to.AddText(field, value, TextEncoding.Utf8OrLatin1);
        if (hasUser)
            AddUser(to, value);
    }

    /// <summary>The user of a URI, such as bob of <c>"Bob" &lt;sip:bob@example.com&gt;</c>.</summary>
    private void AddUser(SpiFields to, ReadOnlySpan<byte> value)
    {
        int scheme = IndexOfIgnoringCase(value, "sip:"u8);
        int start = scheme + 4;
        if (scheme < 0)
        {
            scheme = IndexOfIgnoringCase(value, "sips:"u8);
            start = scheme + 5;
        }
        if (scheme < 0)
            return;
        ReadOnlySpan<byte> user = value[start..];
        int end = user.IndexOfAny("@>; "u8);
        if (end > 0 && user[end] == '@')
            to.AddText(fields.User, user[..end], TextEncoding.Utf8OrLatin1);
    }

    private void AddDigestUser(SpiFields to, ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> parameter = "username=\""u8;
        int at = IndexOfIgnoringCase(value, parameter);
        if (at < 0)
            return;
        value = value[(at + parameter.Length)..];
        int end = value.IndexOf((byte)'"');
        if (end > 0)
            to.AddText(fields.User, value[..end], TextEncoding.Utf8OrLatin1);
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> header, char letter = '\0') =>
        System.Text.Ascii.EqualsIgnoreCase(name, header) || (letter != '\0' && name is [var single] && (single | 0x20) == letter);

    private static int IndexOfIgnoringCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word)
    {
        for (int at = 0; at + word.Length <= text.Length; at++)
        {
            if (Lines.StartsWith(text[at..], word))
                return at;
        }
        return -1;
    }
}
