using FlowPipe.Core.Sessions;
using static FlowPipe.Pipeline.Configuration.ConfigKey;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>Suricata's <c>flow-timeouts</c>: six settings for each protocol, all alike, so made rather than listed.</summary>
internal static class FlowTimeoutKeys
{
    private const int Day = 86_400;

    private static readonly Protocol[] Protocols =
    [
        new("tcp", "TCP", "tcpTimeout", s => s.Tcp, (s, v) => s with { Tcp = v }),
        new("udp", "UDP", "udpTimeout", s => s.Udp, (s, v) => s with { Udp = v }),
        new("icmp", "ICMP", "icmpTimeout", s => s.Icmp, (s, v) => s with { Icmp = v }),
        new("sctp", "SCTP", "sctpTimeout", s => s.Sctp, (s, v) => s with { Sctp = v }),
        new("esp", "ESP", "espTimeout", s => s.Esp, (s, v) => s with { Esp = v }),
        new("default", "other", "otherTimeout", s => s.Default, (s, v) => s with { Default = v }),
    ];

    public static IReadOnlyList<ConfigKey> All { get; } = [.. Protocols.SelectMany(KeysOf)];

    private static IEnumerable<ConfigKey> KeysOf(Protocol protocol)
    {
        yield return Normal(protocol, "new", protocol.Idle, "of which one side has sent packets", t => t.New, (t, v) => t with { New = v });
        yield return Normal(
            protocol,
            "established",
            protocol.Idle,
            "of which both sides have",
            t => t.Established,
            (t, v) => t with { Established = v }
        );
        yield return Normal(
            protocol,
            "closed",
            "tcpClosingTimeout",
            "that have been closed",
            t => t.Closed,
            (t, v) => t with { Closed = v }
        );
        yield return Emergency(protocol, "new", t => t.EmergencyNew, (t, v) => t with { EmergencyNew = v });
        yield return Emergency(protocol, "established", t => t.EmergencyEstablished, (t, v) => t with { EmergencyEstablished = v });
        yield return Emergency(protocol, "closed", t => t.EmergencyClosed, (t, v) => t with { EmergencyClosed = v });
    }

    private static ConfigKey Normal(
        Protocol protocol,
        string state,
        string instead,
        string which,
        Func<ProtocolTimeouts, int> get,
        Func<ProtocolTimeouts, int, ProtocolTimeouts> set
    ) =>
        Key(
            protocol,
            state,
            ProtocolTimeouts.Unset,
            get,
            set,
            $"Seconds after which idle {protocol.Words} sessions {which} end; -1 for sessions.{instead}"
        );

    private static ConfigKey Emergency(
        Protocol protocol,
        string state,
        Func<ProtocolTimeouts, int> get,
        Func<ProtocolTimeouts, int, ProtocolTimeouts> set
    ) => Key(protocol, "emergency-" + state, 0, get, set, "The same in emergency mode, if that is sooner");

    private static ConfigKey Key(
        Protocol protocol,
        string name,
        int least,
        Func<ProtocolTimeouts, int> get,
        Func<ProtocolTimeouts, int, ProtocolTimeouts> set,
        string help
    ) =>
        Number(
            $"flow-timeouts.{protocol.Name}.{name}",
            least,
            Day,
            s => get(protocol.Get(s.Sessions.FlowTimeouts)),
            (s, v) =>
            {
                FlowTimeoutSettings all = s.Sessions.FlowTimeouts;
                FlowTimeoutSettings changed = protocol.Set(all, set(protocol.Get(all), v));
                return s with { Sessions = s.Sessions with { FlowTimeouts = changed } };
            },
            help
        );

    private sealed record Protocol(
        string Name,
        string Words,
        string Idle,
        Func<FlowTimeoutSettings, ProtocolTimeouts> Get,
        Func<FlowTimeoutSettings, ProtocolTimeouts, FlowTimeoutSettings> Set
    );
}
