namespace FlowPipe.Core.Enqueue.Drops;

/// <summary>Which packets are dropped before they reach a session.</summary>
public sealed record PacketSettings
{
    /// <summary>Entries of the drop list (<see cref="DropListReader"/>).</summary>
    public IReadOnlyList<string> PacketDropIps { get; init; } = [];

    /// <summary>Files of such entries.</summary>
    public IReadOnlyList<string> PacketDropIpsFiles { get; init; } = [];

    /// <summary>Whether a packet that was seen just before is dropped.</summary>
    public bool EnablePacketDedup { get; init; }

    /// <summary>How long it counts as just before, seconds of packet time.</summary>
    public int DedupSeconds { get; init; } = 2;

    /// <summary>Packets remembered for that.</summary>
    public int DedupPackets { get; init; } = 0xF_FFFF;
}
