namespace FlowPipe.Abstractions;

/// <summary>What became of a packet in enqueue. Every packet has one, and every value is a counter of the ledger.</summary>
public enum PacketRc : byte
{
    /// <summary>It goes to a session.</summary>
    DoProcess,

    /// <summary>Its address is on a drop list.</summary>
    IpDropped,

    /// <summary>Shed under overload.</summary>
    OverloadDropped,

    /// <summary>A header is cut short or contradicts itself.</summary>
    Corrupt,

    /// <summary>Its link type is not known.</summary>
    UnknownLink,

    /// <summary>Its Ethernet type is not known.</summary>
    UnknownEther,

    /// <summary>Its IP protocol is not known.</summary>
    UnknownIp,

    /// <summary>Its address and port are on a drop list.</summary>
    IpPortDropped,

    /// <summary>It is known and makes no session.</summary>
    DontProcess,

    /// <summary>A fragment that waits for the rest of its datagram; none is left when a run ends.</summary>
    Held,

    /// <summary>A fragment whose datagram was not whole within <c>fragsTimeout</c>, or when the run ended.</summary>
    FragmentExpired,

    /// <summary>A fragment whose datagram was given up: too many fragments, or no room for another (<c>maxFrags</c>, <c>defragMemcap</c>).</summary>
    FragmentDropped,

    /// <summary>The same packet was seen just before.</summary>
    DuplicateDropped,

    /// <summary>A plugin threw an exception over it, or said of it what can't be.</summary>
    PluginFailed,
}
