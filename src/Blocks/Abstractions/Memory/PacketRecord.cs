namespace FlowPipe.Abstractions;

/// <summary>Tunnels that a packet came through, outermost or not.</summary>
[Flags]
public enum Tunnels : ushort
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>GRE (RFC 2784, RFC 2890, RFC 2637).</summary>
    Gre = 1,

    /// <summary>PPP over Ethernet (RFC 2516).</summary>
    Pppoe = 2,

    /// <summary>MPLS (RFC 3032).</summary>
    Mpls = 4,

    /// <summary>PPP (RFC 1661).</summary>
    Ppp = 8,

    /// <summary>GTP-U (3GPP TS 29.281).</summary>
    Gtp = 16,

    /// <summary>VXLAN (RFC 7348).</summary>
    Vxlan = 32,

    /// <summary>VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe).</summary>
    VxlanGpe = 64,

    /// <summary>Geneve (RFC 8926).</summary>
    Geneve = 128,

    /// <summary>Teredo (RFC 4380).</summary>
    Teredo = 256,

    /// <summary>L2TP (RFC 2661, RFC 3931).</summary>
    L2tp = 512,

    /// <summary>CAPWAP (RFC 5415) and LWAPP (RFC 5412).</summary>
    Capwap = 1024,

    /// <summary>TaZmen Sniffer Protocol.</summary>
    Tzsp = 2048,

    /// <summary>LISP (RFC 9300).</summary>
    Lisp = 4096,

    /// <summary>AYIYA (draft-massar-v6ops-ayiya).</summary>
    Ayiya = 8192,

    /// <summary>Any other way of one frame or packet inside another; it has no name of its own in a record.</summary>
    Other = 32768,
}

/// <summary>
/// What is known of a packet before its session is: where it lies, when it came, what enqueue found in it. Offsets are in bytes from the start
/// of the frame, never pointers; <see cref="None"/> marks a header that is not there. Kept small: it is copied once, when enqueue sorts a batch.
/// </summary>
public struct PacketRecord
{
    /// <summary>The offset that stands for "no such header".</summary>
    public const ushort None = ushort.MaxValue;

    /// <summary>The packet's own time, nanoseconds since 1970-01-01 UTC.</summary>
    public long TimestampNs;

    /// <summary>The clock when the packet came (never goes back); stamped by enqueue.</summary>
    public long ClockNs;

    /// <summary>The packet's number in the run, from 0; stamped by enqueue.</summary>
    public long Ordinal;

    /// <summary>Where the packet's record begins in its decompressed source, bytes.</summary>
    public long SourceOffset;

    /// <summary>Salted hash of the session id: the high half picks the partition, the low half the bucket.</summary>
    public ulong Hash;

    /// <summary>Where the frame begins in its block.</summary>
    public int DataOffset;

    /// <summary>Bytes of the frame that were captured.</summary>
    public int CapturedLength;

    /// <summary>Bytes of the frame on the wire.</summary>
    public int OriginalLength;

    /// <summary>Link type of the frame (<c>LINKTYPE_</c> of tcpdump.org).</summary>
    public ushort LinkType;

    /// <summary>Innermost Ethernet header; <see cref="None"/> when the link layer has none.</summary>
    public ushort EtherOffset;

    /// <summary>Ethernet header of the frame around that; <see cref="None"/> when there is none.</summary>
    public ushort OuterEtherOffset;

    /// <summary>Innermost IP header.</summary>
    public ushort IpOffset;

    /// <summary>IP header of the tunnel around it; <see cref="IpOffset"/> itself while no IP header has been found in the tunnel.</summary>
    public ushort OuterIpOffset;

    /// <summary>What follows the IP header and its extensions.</summary>
    public ushort PayloadOffset;

    /// <summary>Bytes of that, within what was captured and what IP says.</summary>
    public ushort PayloadLength;

    /// <summary>Ethernet type of what follows the link layer; 0 when it has none.</summary>
    public ushort EtherType;

    /// <summary>Outer VLAN id plus one flag bit (0x1000 = there is a tag, 0x2000 = the tag is 802.1ad).</summary>
    public ushort Vlan0;

    /// <summary>Second VLAN id, as <see cref="Vlan0"/>.</summary>
    public ushort Vlan1;

    /// <summary>Third VLAN id, as <see cref="Vlan0"/>; recorded, not part of a session's key.</summary>
    public ushort Vlan2;

    /// <summary>0: the bytes are in the batch's block; n: they are the batch's n-th reassembled datagram, which came in several packets.</summary>
    public ushort Owned;

    /// <summary>Virtual network identifier of the innermost tunnel that has one.</summary>
    public uint Vni;

    /// <summary>IP protocol of the payload.</summary>
    public byte IpProtocol;

    /// <summary>The protocol that makes sessions of it, as registered.</summary>
    public byte MProtocol;

    /// <summary>How many tunnels the packet came through.</summary>
    public byte TunnelDepth;

    /// <summary>Which reader brought it.</summary>
    public byte ReaderId;

    /// <summary>Which tunnels it came through; not <see cref="Tunnels.None"/> wherever there is an outer header or a VNI.</summary>
    public Tunnels Tunnel;

    /// <summary>Notes that what follows came in a tunnel: the headers found so far are those outside of it.</summary>
    /// <param name="kind">Which tunnel.</param>
    public void EnterTunnel(Tunnels kind)
    {
        Tunnel |= kind;
        // A frame in a frame has no addresses to tell apart; a header of the same tunnel is no deeper.
        if (IpOffset == None || OuterIpOffset == IpOffset)
            return;
        OuterIpOffset = IpOffset;
        TunnelDepth++;
    }

    /// <summary>Flag of the VLAN members: there is a tag.</summary>
    public const ushort VlanPresent = 0x1000;

    /// <summary>Flag of the VLAN members: the tag is a service tag (IEEE 802.1ad).</summary>
    public const ushort VlanService = 0x2000;

    /// <summary>Mask of the VLAN members' id.</summary>
    public const ushort VlanId = 0x0FFF;
}
