using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Dns;

/// <summary>Which kind of DNS a session speaks.</summary>
internal enum DnsKind : byte
{
    /// <summary>DNS (RFC 1035).</summary>
    Unicast,

    /// <summary>Link-Local Multicast Name Resolution (RFC 4795).</summary>
    LinkLocal,

    /// <summary>Multicast DNS (RFC 6762).</summary>
    Multicast,
}

/// <summary>
/// DNS messages: a datagram each over UDP; over TCP behind their length (RFC 1035 section 4.2.2).
/// <code>
/// TCP: | length (2) | message (length bytes) | …
/// </code>
/// </summary>
internal sealed class DnsParser(DnsRecordWriter writer) : SessionParser
{
    private const int ShortestMessage = DnsHeader.Length + 5;
    private const int LengthPrefix = 2;

    private readonly DnsMessageLog _log = new(writer);
    private readonly StreamBuffer _client = new(ushort.MaxValue + LengthPrefix);
    private readonly StreamBuffer _server = new(ushort.MaxValue + LengthPrefix);

    /// <summary>Which kind of DNS it is; set by who starts it.</summary>
    public DnsKind Kind { get; set; }

    private bool IsMulticast => Kind == DnsKind.Multicast;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (session.Protocol.Type == SessionType.Udp)
        {
            TakeMessage(session, data.Bytes);
            return Parsed.KeepGoing;
        }
        // After a gap nobody knows where the next message begins.
        bool goesOn = data.GapBefore == 0 && TryTakeStream(session, data.Side == Side.Client ? _client : _server, data.Bytes);
        if (goesOn)
            return Parsed.KeepGoing;
        _log.Write(session, IsMulticast);
        return Parsed.Unregister;
    }

    /// <inheritdoc/>
    public override void Save(Session session, bool final) => _log.Write(session, IsMulticast);

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _log.Free(session);
        _client.Free(session);
        _server.Free(session);
        Kind = DnsKind.Unicast;
    }

    private bool TryTakeStream(Session session, StreamBuffer kept, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> rest = kept.Join(session, bytes);
        while (rest.Length >= LengthPrefix)
        {
            int length = (rest[0] << 8) | rest[1];
            if (length <= ShortestMessage)
                return false;
            if (rest.Length < LengthPrefix + length)
                break;
            TakeMessage(session, rest.Slice(LengthPrefix, length));
            rest = rest[(LengthPrefix + length)..];
        }
        return kept.Keep(session, rest);
    }

    private void TakeMessage(Session session, ReadOnlySpan<byte> message)
    {
        if (message.Length is < ShortestMessage or > ushort.MaxValue)
            return;
        var header = new DnsHeader(message);
        if (header.Opcode > DnsRegistry.GreatestOpcode)
            return;
        session.AddProtocol(
            Kind switch
            {
                DnsKind.LinkLocal => "llmnr"u8,
                DnsKind.Multicast => "mdns"u8,
                _ => "dns"u8,
            }
        );
        if (header.Questions != 1 && !IsMulticast)
        {
            session.AddTag("dns:qdcount-not-1"u8);
            return;
        }
        Span<byte> sent = stackalloc byte[DnsName.LongestText];
        Span<byte> host = stackalloc byte[InternationalName.LongestText];
        switch (DnsQuestion.Read(message, IsMulticast, sent, host, out DnsQuestion question))
        {
            case QuestionFault.None:
                _log.Add(session, message, in question, IsMulticast);
                break;
            case QuestionFault.PointerLoop:
                session.AddTag("dns:bad-pointer-loop"u8);
                break;
            case QuestionFault.BadPunycode:
                session.AddTag("bad-punycode"u8);
                break;
        }
    }
}
