namespace FlowPipe.Core.Sessions;

/// <summary>Timeouts by protocol and state under Suricata's names (<c>flow-timeouts</c>): beside Arkime's, which know no states.</summary>
public sealed record FlowTimeoutSettings
{
    /// <summary>Of TCP sessions.</summary>
    public ProtocolTimeouts Tcp { get; init; } = new();

    /// <summary>Of UDP sessions.</summary>
    public ProtocolTimeouts Udp { get; init; } = new();

    /// <summary>Of ICMP and ICMPv6 sessions.</summary>
    public ProtocolTimeouts Icmp { get; init; } = new();

    /// <summary>Of SCTP sessions.</summary>
    public ProtocolTimeouts Sctp { get; init; } = new();

    /// <summary>Of ESP sessions.</summary>
    public ProtocolTimeouts Esp { get; init; } = new();

    /// <summary>Of all others.</summary>
    public ProtocolTimeouts Default { get; init; } = new();
}

/// <summary>Timeouts of one protocol in seconds of packet time. Those of emergency mode are Suricata's; none makes a session last longer.</summary>
public sealed record ProtocolTimeouts
{
    /// <summary>Arkime's setting for the protocol holds.</summary>
    public const int Unset = -1;

    /// <summary>Of sessions of which one side alone has sent anything.</summary>
    public int New { get; init; } = Unset;

    /// <summary>Of sessions of which both sides have.</summary>
    public int Established { get; init; } = Unset;

    /// <summary>Of sessions that wait for stragglers.</summary>
    public int Closed { get; init; } = Unset;

    /// <summary><see cref="New"/> in emergency mode.</summary>
    public int EmergencyNew { get; init; } = 10;

    /// <summary><see cref="Established"/> in emergency mode.</summary>
    public int EmergencyEstablished { get; init; } = 100;

    /// <summary><see cref="Closed"/> in emergency mode.</summary>
    public int EmergencyClosed { get; init; }
}
