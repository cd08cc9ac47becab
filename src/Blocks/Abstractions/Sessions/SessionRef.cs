namespace FlowPipe.Abstractions;

/// <summary>
/// Names one session for as long as it is open; may be kept, and used from any thread (<see cref="ISessionCommands"/>). Its key alone would also
/// name a later one: the generation tells them apart, so that a late command never hits a recycled session.
/// </summary>
/// <param name="Id">Its key.</param>
/// <param name="Generation">Its number among the sessions of its partition, from 1; <see cref="Any"/> for whichever has the key.</param>
public readonly record struct SessionRef(SessionId Id, long Generation)
{
    /// <summary>Stands for whichever session has the key.</summary>
    public const long Any = 0;
}

/// <summary>What tells a session over IP from others, in either direction.</summary>
/// <param name="Protocol">Name of the protocol, such as <c>tcp</c>.</param>
/// <param name="Source">Address of one end.</param>
/// <param name="SourcePort">Its port; 0 where the protocol has none.</param>
/// <param name="Destination">Address of the other end.</param>
/// <param name="DestinationPort">Its port.</param>
public readonly record struct FlowKey(string Protocol, IpAddress Source, ushort SourcePort, IpAddress Destination, ushort DestinationPort)
{
    /// <summary>The outer VLAN id; it matters where VLANs are tracked.</summary>
    public ushort Vlan { get; init; }

    /// <summary>The second VLAN id.</summary>
    public ushort InnerVlan { get; init; }

    /// <summary>The virtual network's identifier; it matters where these are tracked.</summary>
    public uint Vni { get; init; }

    /// <summary>The number of tunnels around it.</summary>
    public byte TunnelDepth { get; init; }
}

/// <summary>What a session was when a command reached it.</summary>
public sealed record SessionInfo
{
    /// <summary>Names it from now on.</summary>
    public required SessionRef Session { get; init; }

    /// <summary>How far it has come.</summary>
    public required FlowState State { get; init; }

    /// <summary>Time of its first packet, nanoseconds since 1970-01-01 UTC.</summary>
    public required long FirstPacketNs { get; init; }

    /// <summary>Time of its last packet.</summary>
    public required long LastPacketNs { get; init; }

    /// <summary>Records made of it so far.</summary>
    public required int Segment { get; init; }

    /// <summary>Packets in the record being made.</summary>
    public required SideCounts Packets { get; init; }
}
