namespace FlowPipe.Abstractions;

/// <summary>
/// Looks at one layer of a packet: checks it, fills in the record and passes on what is inside. Runs in enqueue, before any session; keeps nothing.
/// </summary>
/// <param name="context">Passes on to the next layer.</param>
/// <param name="packet">To be filled in.</param>
/// <param name="frame">The whole captured frame.</param>
/// <param name="offset">Where this layer begins in it.</param>
/// <returns>What becomes of the packet.</returns>
public delegate PacketRc EnqueueCallback(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset);

/// <summary>
/// Looks at a packet that no layer takes: <see cref="PacketRc.UnknownEther"/>, <see cref="PacketRc.UnknownIp"/>, <see cref="PacketRc.Corrupt"/>.
/// Its record is as far as the layers have come: an IP offset is that of a header whose fixed part is there.
/// </summary>
/// <param name="context">Passes on to a session.</param>
/// <param name="verdict">Why no layer takes it.</param>
/// <param name="type">The Ethernet type or IP protocol that nobody knows.</param>
/// <param name="packet">The packet.</param>
/// <param name="frame">Its frame.</param>
/// <returns>What becomes of the packet.</returns>
public delegate PacketRc UnknownCallback(
    EnqueueContext context,
    PacketRc verdict,
    int type,
    ref PacketRecord packet,
    ReadOnlySpan<byte> frame
);

/// <summary>Passes a packet from layer to layer by the tables that were registered.</summary>
public abstract class EnqueueContext
{
    /// <summary>Layers inside layers that a packet may have; one more and it is <see cref="PacketRc.Corrupt"/>.</summary>
    public const int DepthMax = 12;

    /// <summary>Passes on a frame that begins with a link layer of the given type (<c>LINKTYPE_</c>).</summary>
    public abstract PacketRc RunLink(int linkType, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset);

    /// <summary>Passes on what an Ethernet type announces.</summary>
    public abstract PacketRc RunEthernet(ushort etherType, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset);

    /// <summary>Passes on what begins with an LLC header (IEEE 802.2): SNAP by its Ethernet type, all else by its service access point.</summary>
    public abstract PacketRc RunLlc(ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset);

    /// <summary>Passes on what an LLC service access point announces.</summary>
    /// <param name="sap">The DSAP, equal to the SSAP but for its lowest bit.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="frame">The frame, up to the end that the layers around it gave.</param>
    /// <param name="offset">Where the LLC header begins.</param>
    public abstract PacketRc RunSap(byte sap, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset);

    /// <summary>Passes on what an IP protocol announces; <see cref="PacketRecord.IpOffset"/> and the payload are set.</summary>
    public abstract PacketRc RunIp(byte ipProtocol, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset);

    /// <summary>
    /// Takes a fragment of an IP datagram. It is held until the datagram is whole, which then goes on from its IP header as a frame of its own
    /// (<see cref="PacketRecord.Owned"/>).
    /// </summary>
    /// <param name="fragment">What the IP header says of it; the header is complete in the frame.</param>
    /// <param name="packet">The packet, as it was before the IP layer.</param>
    /// <param name="frame">The whole captured frame.</param>
    public abstract PacketRc RunFragment(in IpFragment fragment, ref PacketRecord packet, ReadOnlySpan<byte> frame);

    /// <summary>Ends the way through the layers: the packet belongs to a session of this protocol.</summary>
    /// <param name="mProtocol">As returned by <see cref="IRegistrar.Register"/>.</param>
    /// <param name="packet">The packet, its offsets set.</param>
    /// <param name="frame">The whole captured frame.</param>
    public abstract PacketRc ToSession(byte mProtocol, ref PacketRecord packet, ReadOnlySpan<byte> frame);

    /// <summary>Adds to a plugin's own counter.</summary>
    /// <param name="counter">Of <see cref="IRegistrar.Counter(string, string)"/>.</param>
    /// <param name="by">How much; not negative.</param>
    public abstract void Count(PluginCounter counter, long by = 1);
}
