using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Dns;

/// <summary>DNS over UDP and TCP, LLMNR and mDNS, by their ports.</summary>
public sealed class DnsPlugin : IFlowPipePlugin
{
    private const ushort Port = 53;
    private const ushort MulticastPort = 5353;
    private const ushort LinkLocalPort = 5355;

    /// <inheritdoc/>
    public string Name => "dns";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var writer = new DnsRecordWriter(new DnsFields(registrar));
        ParserKind<DnsParser> kind = registrar.Parser("dns", () => new DnsParser(writer));
        registrar.Port("dns", SessionType.Udp, Port, null, (session, _, _) => session.Add(kind));
        registrar.Port(
            "dns",
            SessionType.Tcp,
            Port,
            Side.Server,
            (session, _, _) =>
            {
                session.AddProtocol("dns"u8);
                session.Add(kind);
            }
        );
        registrar.Port("llmnr", SessionType.Udp, LinkLocalPort, null, Starting(kind, DnsKind.LinkLocal));
        registrar.Port("mdns", SessionType.Udp, MulticastPort, null, Starting(kind, DnsKind.Multicast));
    }

    /// <summary>Starts the parser, unless one end's port says that it is plain DNS.</summary>
    private static Classifier Starting(ParserKind<DnsParser> kind, DnsKind dns) =>
        (session, _, _) =>
        {
            if (
                session.SourcePort != Port
                && session.DestinationPort != Port
                && !session.HasParser(kind)
                && session.Add(kind) is { } parser
            )
                parser.Kind = dns;
        };
}
