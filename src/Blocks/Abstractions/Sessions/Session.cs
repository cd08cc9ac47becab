using FlowPipe.Schemas;

namespace FlowPipe.Abstractions;

/// <summary>
/// A session as protocols and plugins see it. Pooled: it belongs to one partition, is only valid inside the calls that it is given to, and
/// must not be kept.
/// </summary>
public abstract partial class Session
{
    /// <summary>Its key.</summary>
    public SessionId Id;

    /// <summary>The protocol that made it.</summary>
    public MProtocol Protocol = null!;

    /// <summary>Address of the side that began.</summary>
    public IpAddress SourceIp;

    /// <summary>Address of the other side.</summary>
    public IpAddress DestinationIp;

    /// <summary>Whether the addresses mean anything.</summary>
    public bool HasIp;

    /// <summary>Port of the side that began.</summary>
    public ushort SourcePort;

    /// <summary>Port of the other side.</summary>
    public ushort DestinationPort;

    /// <summary>IP protocol, when <see cref="HasIp"/>.</summary>
    public byte IpProtocol;

    /// <summary>What the Community ID takes for ports, where that is not the ports (ICMP).</summary>
    public CommunityPorts Community;

    /// <summary>Who sent the packet in hand; set by <see cref="MProtocol.PreProcess"/>.</summary>
    public Side PacketSide;

    /// <summary>Bytes of payload by side, in the record that is being made.</summary>
    public SideCounts DataBytes;

    /// <summary>Names it, for commands from other threads (<see cref="ISessionCommands"/>): this may be kept.</summary>
    public abstract SessionRef Ref { get; }

    /// <summary>Time of its very first packet, in whatever record, nanoseconds since 1970.</summary>
    public abstract long FirstPacketNs { get; }

    /// <summary>
    /// What the session's protocol keeps with it. It stays when the session is recycled, emptied by <see cref="MProtocol.Free"/>, so that the
    /// next session of the same protocol need not allocate it; another protocol finds it and replaces it.
    /// </summary>
    public object? ProtocolState;

    /// <summary>The values that protocols and parsers add.</summary>
    public SpiFields Fields { get; } = new();

    /// <summary>Adds a protocol to the list of those recognised.</summary>
    public abstract void AddProtocol(ReadOnlySpan<byte> name);

    /// <summary>Adds a tag.</summary>
    public abstract void AddTag(ReadOnlySpan<byte> tag);

    /// <summary>Shows the first bytes of payload of the side that sent the packet in hand, for <c>payload8</c>.</summary>
    public abstract void SeenPayload(ReadOnlySpan<byte> bytes);

    /// <summary>Keeps no more of its packets: they are counted, but not saved and not among its positions (tag <c>truncated-pcap</c>).</summary>
    public abstract void StopSaving();

    /// <summary>Adds to a plugin's own counter.</summary>
    /// <param name="counter">Of <see cref="IRegistrar.Counter(string, string)"/>.</param>
    /// <param name="by">How much; not negative.</param>
    public abstract void Count(PluginCounter counter, long by = 1);

    /// <summary>The session is over but for stragglers: it is saved after the closing timeout, for the reason given.</summary>
    public abstract void MarkForClose(EndReason reason);
}

/// <summary>What stands for ports in a Community ID (specification version 1: ICMP types and codes).</summary>
public struct CommunityPorts
{
    /// <summary>Whether these hold instead of the session's ports.</summary>
    public bool IsSet;

    /// <summary>Whether the flow goes one way, so that its ends are not put in order.</summary>
    public bool OneWay;

    /// <summary>For the source port.</summary>
    public ushort Source;

    /// <summary>For the destination port.</summary>
    public ushort Destination;
}

/// <summary>A count for each side.</summary>
public struct SideCounts
{
    /// <summary>Of the side that began.</summary>
    public long Client;

    /// <summary>Of the other side.</summary>
    public long Server;

    /// <summary>Both together.</summary>
    public readonly long Sum => Client + Server;

    /// <summary>Adds to one side.</summary>
    public void Add(Side side, long count)
    {
        if (side == Side.Client)
            Client += count;
        else
            Server += count;
    }

    /// <summary>The count of one side.</summary>
    public readonly long this[Side side] => side == Side.Client ? Client : Server;
}
