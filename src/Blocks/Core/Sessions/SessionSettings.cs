namespace FlowPipe.Core.Sessions;

/// <summary>How sessions are kept. Names and defaults are Arkime's; times are in seconds of packet time.</summary>
public sealed record SessionSettings
{
    /// <summary>Idle TCP sessions end after so long.</summary>
    public int TcpTimeout { get; init; } = 480;

    /// <summary>TCP sessions that both sides have ended are saved after so long.</summary>
    public int TcpClosingTimeout { get; init; } = 5;

    /// <summary>A TCP session's record is saved when it is older than this, and the session goes on in a linked one.</summary>
    public int TcpSaveTimeout { get; init; } = 480;

    /// <summary>Idle UDP sessions end after so long.</summary>
    public int UdpTimeout { get; init; } = 60;

    /// <summary>Idle ICMP sessions end after so long.</summary>
    public int IcmpTimeout { get; init; } = 10;

    /// <summary>Idle SCTP sessions end after so long.</summary>
    public int SctpTimeout { get; init; } = 60;

    /// <summary>Idle ESP sessions end after so long.</summary>
    public int EspTimeout { get; init; } = 600;

    /// <summary>Idle sessions of any other protocol end after so long.</summary>
    public int OtherTimeout { get; init; } = 60;

    /// <summary>Packets of one record; the session goes on in a linked one.</summary>
    public int MaxPackets { get; init; } = 10_000;

    /// <summary>
    /// Sessions that may be open at once, over all partitions. Where there are as many, emergency mode begins; if that makes no room, the least
    /// recent is evicted, with the reason <c>forced</c>.
    /// </summary>
    public int MaxStreams { get; init; } = 1_500_000;

    /// <summary>Bytes that open sessions may take, over all partitions, with the same consequences; 0 for no such limit (Suricata's <c>flow.memcap</c>).</summary>
    public long MemoryCap { get; init; } = 2L << 30;

    /// <summary>Emergency mode ends when so many percent of both limits are free again (Suricata's <c>flow.emergency-recovery</c>).</summary>
    public int EmergencyRecovery { get; init; } = 30;

    /// <summary>Sessions made before the first packet and kept for use, over all partitions (Suricata's <c>flow.prealloc</c>).</summary>
    public int Prealloc { get; init; }

    /// <summary>Timeouts by protocol and state.</summary>
    public FlowTimeoutSettings FlowTimeouts { get; init; } = new();

    /// <summary>
    /// What salts the hash of sessions' keys; 0 for something random. Which partition a session belongs to depends on it, so with one given
    /// a run in which limits were reached repeats; but strangers who know it can make keys that collide.
    /// </summary>
    public int HashSeed { get; init; }

    /// <summary>Faults that are to happen, to see what comes of them.</summary>
    public IReadOnlyList<FaultSwitch> Simulate { get; init; } = [];

    /// <summary>Segments held for a TCP session while an earlier one is missing.</summary>
    public int MaxTcpOutOfOrderPackets { get; init; } = 256;

    /// <summary>Bytes held for a TCP session while an earlier segment is missing.</summary>
    public int MaxTcpOutOfOrderBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Seconds of packet time after which a TCP session no longer waits for a missing segment; 0: it waits for as long as the other limits let it.</summary>
    public int TcpGapTimeout { get; init; } = 120;

    /// <summary>Bytes held for all TCP sessions together (Suricata's <c>stream.reassembly.memcap</c>), split over the partitions.</summary>
    public long ReassemblyMemcap { get; init; } = 256L * 1024 * 1024;

    /// <summary>IP datagrams of which only some fragments have come, that are kept at once; beyond it the oldest is given up.</summary>
    public int MaxFrags { get; init; } = 10_000;

    /// <summary>A fragmented datagram that is not whole after so long is given up.</summary>
    public int FragsTimeout { get; init; } = 480;

    /// <summary>Bytes that fragments may take (Suricata's <c>defrag.memcap</c>); beyond it the oldest datagram is given up.</summary>
    public int DefragMemcap { get; init; } = 32 << 20;

    /// <summary>Whether a TCP stream whose SYN was not captured is followed from its first segment; Arkime does not count its data.</summary>
    public bool TcpMidstream { get; init; } = true;

    /// <summary>
    /// Whether sessions end and are saved exactly when Arkime does, which goes by the packets of others (<see cref="Sessions.ArkimeTimeouts"/>); to
    /// compare the two. Needs one partition.
    /// </summary>
    public bool ArkimeTimeouts { get; init; }

    /// <summary>Whether packets are read as Arkime reads them where it errs (<c>records.arkimeQuirks</c>); to compare the two.</summary>
    public bool ArkimeReadings { get; init; }

    /// <summary>What is part of a session's key besides addresses and ports: <c>none</c>, <c>vlan</c>, <c>vni</c>, <c>both</c>.</summary>
    public string SessionIdTracking { get; init; } = "none";

    /// <summary>How many VLAN ids are part of the key where VLANs are: 2, or as in Arkime the outer one alone.</summary>
    public int SessionIdVlans { get; init; } = 2;

    /// <summary>Names of tunnels that are not looked into: sessions are made of what is outside.</summary>
    public IReadOnlyList<string> OpaqueTunnels { get; init; } = [];

    /// <summary>Seed of the Community ID, 0 to 65535.</summary>
    public int CommunityIdSeed { get; init; }

    /// <summary>Whether a TCP session whose first packet is a SYN-ACK is turned round, its sender taken for the server.</summary>
    public bool AntiSynDrop { get; init; } = true;

    /// <summary>Whether an exception out of a parser or plugin ends the run; else it costs what it was called for.</summary>
    public bool StopOnParserFault { get; init; }

    /// <summary>Settings of parsers and plugins by name, as given; each asks for its own.</summary>
    public IReadOnlyDictionary<string, string> Parsers { get; init; } =
        new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
}
