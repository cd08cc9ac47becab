using FlowPipe.Abstractions;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Enqueue;

/// <summary>One frame for each link type and tunnel that has a UDP datagram inside, laid out by hand from its specification.</summary>
internal static class TunnelSamples
{
    public const string A = "10.0.0.1";
    public const string B = "10.0.0.2";
    public const string OuterA = "192.0.2.1";
    public const string OuterB = "192.0.2.2";
    private const string A6 = "2001:db8::1";
    private const string B6 = "2001:db8::2";
    private static readonly byte[] V4 = IPv4(UdpNumber, A, B, Udp(1000, 53, [1, 2, 3, 4, 5]));
    private static readonly byte[] V6 = IPv6(UdpNumber, A6, B6, Udp(1000, 53, [1, 2, 3, 4, 5]));
    private static readonly byte[] Frame = Ethernet(IPv4Type, V4, "02:00:00:00:01:0a", "02:00:00:00:01:0b");
    private static readonly byte[] Snap = [0xAA, 0xAA, 3, 0, 0, 0, .. U16(IPv4Type), .. V4];

    // DA and SA of link types that are not Ethernet
    private static readonly byte[] Macs = [.. Mac(MacB), .. Mac(MacA)];
    private static readonly byte[] Wlan = [8, 2, 0, 0, .. Mac(MacB), .. Mac(MacA), .. Mac(MacA), 0x10, 0];

    /// <param name="Name">What it is.</param>
    /// <param name="LinkType">Of the frame.</param>
    /// <param name="Bytes">Ends with the inner IP packet, unless <paramref name="Trailer"/> says otherwise.</param>
    /// <param name="Tunnel">What ought to be noted of it.</param>
    /// <param name="Vni">Its network, if it has one.</param>
    /// <param name="Depth">How many IP headers are outside.</param>
    /// <param name="Trailer">Bytes behind the inner packet.</param>
    public sealed record Sample(
        string Name,
        int LinkType,
        byte[] Bytes,
        Tunnels Tunnel = Tunnels.None,
        uint Vni = 0,
        int Depth = 0,
        int Trailer = 0
    )
    {
        public int InnerAt => Bytes.Length - Trailer - (EndsWith(V6) ? V6.Length : V4.Length);

        private bool EndsWith(byte[] packet) => Bytes.AsSpan(0, Bytes.Length - Trailer).EndsWith(packet);
    }

    public static readonly Sample[] Links =
    [
        new("SNAP", 1, Ethernet((ushort)Snap.Length, Snap)),
        new("SNAP of 802.1H, padded", 1, [.. Ethernet((ushort)Snap.Length, [.. Snap[..5], 0xF8, .. Snap[6..]]), 0, 0, 0], Trailer: 3),
        new("SNAP in a VLAN", 1, Ethernet((ushort)Snap.Length, Snap, tags: (Dot1q, 5))),
        new("LLC of IP", 1, Ethernet((ushort)(3 + V4.Length), [6, 6, 3, .. V4])),
        new("LLC of ISO", 1, Ethernet((ushort)(4 + V4.Length), [0xFE, 0xFE, 3, 0xCC, .. V4])),
        new("bridged over SNAP", 1, Ethernet((ushort)(8 + Frame.Length), [0xAA, 0xAA, 3, 0, 0x80, 0xC2, 0, 7, .. Frame])),
        new("token ring", 6, [0x10, 0x40, .. Macs, .. Snap]),
        new("token ring with a route", 6, [0x10, 0x40, .. Mac(MacB), 0x82, .. Mac(MacA)[1..], 6, 0x30, 0, 0x10, 0, 0x20, .. Snap]),
        new("FDDI", 10, [0x50, .. Macs, .. Snap]),
        new("ATM, RFC 1483", 100, Snap),
        new("ATM, IP alone", 100, V4),
        new("ATM, bridged", 100, [0xAA, 0xAA, 3, 0, 0x80, 0xC2, 0, 7, 0, 0, .. Frame]),
        new("SunATM", 123, [0x82, 0, 0, 9, .. Snap]),
        new("SunATM, emulated", 123, [0x81, 0, 0, 9, 0, 1, .. Frame]),
        new("IP over Fibre Channel", 122, [.. new byte[16], .. Snap]),
        new("ARCNET, BSD, RFC 1051", 7, [1, 2, 0xF0, .. V4]),
        new("ARCNET, Linux, RFC 1201", 129, [1, 2, 0, 0, 0xD4, 0, 0, 1, .. V4]),
        new("ARCNET, exception", 129, [1, 2, 0, 0, 0xD4, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1, .. V4]),
        new("SLIP", 8, [.. new byte[16], .. V4]),
        new("SLIP, BSD/OS", 102, [.. new byte[24], .. V4]),
        new("loopback, an Ethernet type for a family", 0, [0x0F, 0, 8, 0, .. V4]),
        new("enc", 109, [2, 0, 0, 0, .. new byte[8], .. V4]),
        new("pflog", 117, [61, 2, 0, 0, .. new byte[60], .. V4]),
        new("ipnet", 226, [1, 2, .. new byte[22], .. V4]),
        new("PPP", 9, [0xFF, 3, 0, 0x21, .. V4]),
        new("PPP without framing", 9, [0, 0x57, .. V6]),
        new("PPP, compressed", 9, [0x21, .. V4]),
        new("PPP of pppd", 166, [1, 3, 0, 0x21, .. V4]),
        new("PPP with direction", 204, [1, 0xFF, 3, 0, 0x21, .. V4]),
        new("PPP in HDLC", 50, [0xFF, 3, 0, 0x21, .. V4]),
        new("PPP with MPLS", 9, [0xFF, 3, 2, 0x81, 0, 0, 0x11, 64, .. V4], Tunnels.Mpls),
        new("HDLC", 104, [0x0F, 0, .. U16(IPv4Type), .. V4]),
        new("HDLC, multicast, IPv6", 104, [0x8F, 0, .. U16(IPv6Type), .. V6]),
        new("HDLC with direction", 205, [0, 0x0F, 0, .. U16(IPv4Type), .. V4]),
        new("PPP over Ethernet without Ethernet", 51, Pppoe(V4), Tunnels.Pppoe),
        new("frame relay", 107, [0x18, 0x41, 3, 0xCC, .. V4]),
        new("frame relay, padded, SNAP", 107, [0x18, 0x41, 3, 0, 0x80, 0, 0, 0, .. U16(IPv4Type), .. V4]),
        new("frame relay of four address bytes", 107, [0x18, 0x40, 0x40, 0x41, 3, 0x8E, .. V6]),
        new("frame relay, Cisco's", 107, [0x18, 0x41, .. U16(IPv4Type), .. V4]),
        new("frame relay with PPP", 107, [0x18, 0x41, 3, 0xCF, 0, 0x21, .. V4]),
        new("802.11", 105, [.. Wlan, .. Snap]),
        new("802.11, QoS", 105, [0x88, .. Wlan[1..], 0, 0, .. Snap]),
        new("802.11, four addresses", 105, [8, 3, .. Wlan[2..], .. Mac(MacA), .. Snap]),
        new("802.11, QoS and HT", 105, [0x88, 0x82, .. Wlan[2..], 0, 0, 0, 0, 0, 0, .. Snap]),
        new("802.11, aggregate", 105, [0x88, .. Wlan[1..], 0x80, 0, .. Macs, .. U16(Snap.Length), .. Snap]),
        new("radiotap", 127, [0, 0, 8, 0, 0, 0, 0, 0, .. Wlan, .. Snap]),
        new("radiotap, padded data", 127, [0, 0, 17, 0, 3, 0, 0, 0, .. new byte[8], 0x20, 0x88, .. Wlan[1..], 0, 0, 0, 0, .. Snap]),
        new("radiotap, more presence", 127, [0, 0, 12, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, .. Wlan, .. Snap]),
        new("Prism", 119, [0, 0, 0, 0x44, 12, 0, 0, 0, 1, 1, 1, 1, .. Wlan, .. Snap]),
        new("AVS", 163, [0x80, 0x21, 0x10, 1, 0, 0, 0, 12, 1, 1, 1, 1, .. Wlan, .. Snap]),
        new("PPI", 192, [0, 0, 12, 0, 105, 0, 0, 0, 1, 1, 1, 1, .. Wlan, .. Snap]),
        new("PKTAP", 258, [12, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, .. Frame]),
        new("NFLOG", 239, [2, 0, 0, 0, 5, 0, 8, 0, 7, 0, 0, 0, (byte)(4 + V4.Length), 0, 9, 0, .. V4]),
        new("cooked, 802.2", 113, Sll(4, Snap)),
        new("cooked, radiotap", 113, [0, 0, 3, 0x23, .. new byte[12], 0, 0, 8, 0, 0, 0, 0, 0, .. Wlan, .. Snap]),
        new("netANALYZER", 240, [1, 2, 3, 4, .. Frame]),
        new("netANALYZER, transparent", 241, [1, 2, 3, 4, .. new byte[8], .. Frame]),
        new("EPON", 259, [.. new byte[8], .. Frame]),
        new("mPacket", 274, [.. new byte[8], .. Frame]),
        new("Broadcom tag", 281, [.. Macs, 1, 2, 3, 4, .. U16(IPv4Type), .. V4]),
        new("Broadcom tag, prepended", 282, [1, 2, 3, 4, .. Frame]),
        new("DSA", 284, [.. Macs, 0x20, 0, 0, 5, .. U16(IPv4Type), .. V4]),
        new("EDSA", 285, [.. Macs, 0xDA, 0xDA, 0, 0, 0x20, 0, 0, 5, .. U16(IPv4Type), .. V4]),
        new("IP over InfiniBand", 242, [.. new byte[40], .. U16(IPv4Type), 0, 0, .. V4]),
        new("IP over IEEE 1394", 138, [.. new byte[16], .. U16(IPv4Type), .. V4]),
        new("Juniper Ethernet", 178, [0x4D, 0x47, 0x43, 0x80, 0, 2, 9, 9, .. Frame]),
        new("Juniper without a link layer", 178, [0x4D, 0x47, 0x43, 2, 2, 0, 0, 0, .. V4]),
        new("Juniper PPP", 179, [0x4D, 0x47, 0x43, 0, 0xFF, 3, 0, 0x21, .. V4]),
        new("Juniper frame relay", 180, [0x4D, 0x47, 0x43, 0, 0x18, 0x41, 3, 0xCC, .. V4]),
        new("Juniper HDLC", 181, [0x4D, 0x47, 0x43, 0, 0x0F, 0, .. U16(IPv4Type), .. V4]),
    ];

    public static readonly Sample[] Tunnelled =
    [
        new("MPLS", 1, Ethernet(0x8847, [0, 0, 0x10, 64, 0, 0, 0x21, 64, .. V4]), Tunnels.Mpls),
        new("MPLS, multicast, IPv6", 1, Ethernet(0x8848, [0, 0, 0x21, 64, .. V6]), Tunnels.Mpls),
        new("MPLS, pseudowire", 1, Ethernet(0x8847, [0, 0, 0x21, 64, 0, 0, 0, 0, .. Frame]), Tunnels.Mpls),
        new("MPLS, pseudowire without control word", 1, Ethernet(0x8847, [0, 0, 0x21, 64, .. Frame]), Tunnels.Mpls),
        new("MPLS in IP", 1, Outer(137, [0, 0, 0x21, 64, .. V4]), Tunnels.Mpls, Depth: 1),
        new("MPLS over UDP", 1, OuterUdp(6635, [0, 0, 0x21, 64, .. V4]), Tunnels.Mpls, Depth: 1),
        new("PPPoE", 1, [.. Ethernet(0x8864, Pppoe(V4)), 0, 0], Tunnels.Pppoe, Trailer: 2),
        new("GRE", 1, Outer(47, [0, 0, .. U16(IPv4Type), .. V4]), Tunnels.Gre, Depth: 1),
        new("GRE, checksum, key and sequence", 1, Outer(47, [0xB0, 0, .. U16(IPv6Type), .. new byte[12], .. V6]), Tunnels.Gre, Depth: 1),
        new(
            "GRE, routed",
            1,
            Outer(47, [0x40, 0, .. U16(IPv4Type), .. new byte[4], 8, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0, .. V4]),
            Tunnels.Gre,
            Depth: 1
        ),
        new("GRE, bridged", 1, Outer(47, [0, 0, 0x65, 0x58, .. Frame]), Tunnels.Gre, Depth: 1),
        new("NVGRE", 1, Outer(47, [0x20, 0, 0x65, 0x58, 0, 1, 2, 9, .. Frame]), Tunnels.Gre, Vni: 258, Depth: 1),
        new("GRE with frame relay", 1, Outer(47, [0, 0, 0x65, 0x59, 0x18, 0x41, 3, 0xCC, .. V4]), Tunnels.Gre, Depth: 1),
        new(
            "GRE, Cisco metadata",
            1,
            Outer(47, [0x20, 0, 0x89, 9, 0, 0, 0, 0x28, .. U16(IPv4Type), 1, 1, 0, 1, 0, 0, .. V4]),
            Tunnels.Gre,
            Depth: 1
        ),
        new("GRE, WCCP", 1, Outer(47, [0, 0, 0x88, 0x3E, 0, 0, 0, 0, .. V4]), Tunnels.Gre, Depth: 1),
        new("GRE, Aruba", 1, Outer(47, [0, 0, 0x82, 0, .. Wlan, .. Snap]), Tunnels.Gre, Depth: 1),
        new(
            "PPTP",
            1,
            Outer(47, [0x30, 0x81, 0x88, 0x0B, 0, 9, 0, 1, .. new byte[8], 0xFF, 3, 0, 0x21, .. V4]),
            Tunnels.Gre | Tunnels.Ppp,
            Depth: 1
        ),
        new("ERSPAN I", 1, Outer(47, [0, 0, 0x88, 0xBE, .. Frame]), Tunnels.Gre, Depth: 1),
        new("ERSPAN II", 1, Outer(47, [0x10, 0, 0x88, 0xBE, 0, 0, 0, 1, 0x10, 5, 0, 1, 0, 0, 0, 0, .. Frame]), Tunnels.Gre, Depth: 1),
        new("ERSPAN III", 1, Outer(47, [0x10, 0, 0x22, 0xEB, 0, 0, 0, 1, 0x20, 5, .. new byte[10], .. Frame]), Tunnels.Gre, Depth: 1),
        new(
            "ERSPAN III with a subheader",
            1,
            Outer(47, [0x10, 0, 0x22, 0xEB, 0, 0, 0, 1, 0x20, 5, .. new byte[9], 1, .. new byte[8], .. Frame]),
            Tunnels.Gre,
            Depth: 1
        ),
        new("4in4", 1, Outer(4, V4), Depth: 1),
        new("6in4", 1, Outer(41, V6), Depth: 1),
        new("4in6", 1, Ethernet(IPv6Type, IPv6(4, A6, B6, V4)), Depth: 1),
        new("6in6", 1, Ethernet(IPv6Type, IPv6(60, A6, B6, Extension(41, V6))), Depth: 1),
        new("EtherIP", 1, Outer(97, [0x30, 0, .. Frame]), Depth: 1),
        new("Ethernet in IP", 1, Ethernet(IPv6Type, IPv6(143, A6, B6, Frame)), Depth: 1),
        new("VXLAN", 1, OuterUdp(4789, [8, 0, 0, 0, 0, 1, 2, 0, .. Frame]), Tunnels.Vxlan, Vni: 258, Depth: 1),
        new("VXLAN of Linux", 1, OuterUdp(8472, [8, 0, 0, 0, 0, 1, 2, 0, .. Frame]), Tunnels.Vxlan, Vni: 258, Depth: 1),
        new("VXLAN that says Ethernet", 1, OuterUdp(4789, [12, 0, 0, 3, 0, 1, 2, 0, .. Frame]), Tunnels.VxlanGpe, Vni: 258, Depth: 1),
        new("VXLAN-GPE with IPv4", 1, OuterUdp(4790, [12, 0, 0, 1, 0, 1, 2, 0, .. V4]), Tunnels.VxlanGpe, Vni: 258, Depth: 1),
        new("VXLAN-GPE with IPv6", 1, OuterUdp(4790, [12, 0, 0, 2, 0, 1, 2, 0, .. V6]), Tunnels.VxlanGpe, Vni: 258, Depth: 1),
        new(
            "VXLAN-GPE with NSH",
            1,
            OuterUdp(4790, [12, 0, 0, 4, 0, 1, 2, 0, 0, 2, 2, 1, 0, 0, 1, 255, .. V4]),
            Tunnels.VxlanGpe,
            Vni: 258,
            Depth: 1
        ),
        new(
            "VXLAN-GPE with MPLS",
            1,
            OuterUdp(4790, [12, 0, 0, 5, 0, 1, 2, 0, 0, 0, 0x21, 64, .. V4]),
            Tunnels.VxlanGpe | Tunnels.Mpls,
            258,
            1
        ),
        new("Geneve", 1, OuterUdp(6081, [0, 0, 0x65, 0x58, 0, 1, 2, 0, .. Frame]), Tunnels.Geneve, Vni: 258, Depth: 1),
        new("Geneve with options", 1, OuterUdp(6081, [1, 0, .. U16(IPv4Type), 0, 1, 2, 0, 1, 2, 3, 4, .. V4]), Tunnels.Geneve, 258, 1),
        new("GTP-U", 1, OuterUdp(2152, [0x30, 255, .. U16(V4.Length), 0, 0, 0, 1, .. V4]), Tunnels.Gtp, Depth: 1),
        new(
            "GTP-U with an extension",
            1,
            OuterUdp(2152, [0x34, 255, .. U16(8 + V6.Length), 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0x10, 1, 0, .. V6]),
            Tunnels.Gtp,
            Depth: 1
        ),
        new("Teredo", 1, OuterUdp(3544, V6), Tunnels.Teredo, Depth: 1),
        new("Teredo from the port", 1, Outer(UdpNumber, Udp(3544, 40_000, V6)), Tunnels.Teredo, Depth: 1),
        new(
            "Teredo with indications",
            1,
            OuterUdp(3544, [0, 1, 0, 0, .. new byte[9], 0, 0, 1, 2, 3, 4, 5, 6, .. V6]),
            Tunnels.Teredo,
            Depth: 1
        ),
        new("TZSP", 1, OuterUdp(37008, [1, 0, 0, 1, 10, 1, 5, 0, 1, .. Frame]), Tunnels.Tzsp, Depth: 1),
        new("TZSP with 802.11", 1, OuterUdp(37008, [1, 0, 0, 18, 1, .. Wlan, .. Snap]), Tunnels.Tzsp, Depth: 1),
        new("L2TP", 1, OuterUdp(1701, [0, 2, 0, 1, 0, 2, 0xFF, 3, 0, 0x21, .. V4]), Tunnels.L2tp | Tunnels.Ppp, Depth: 1),
        new(
            "L2TP with all there is",
            1,
            OuterUdp(1701, [0x4A, 2, .. U16(14 + 2 + 4 + V4.Length), 0, 1, 0, 2, 0, 1, 0, 2, 0, 2, 9, 9, 0xFF, 3, 0, 0x21, .. V4]),
            Tunnels.L2tp | Tunnels.Ppp,
            Depth: 1
        ),
        new("L2TPv3 over UDP", 1, OuterUdp(1701, [0, 3, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4, .. Frame]), Tunnels.L2tp, Depth: 1),
        new("L2TPv3", 1, Outer(115, [0, 0, 0, 7, 1, 2, 3, 4, 0x40, 0, 0, 1, .. Frame]), Tunnels.L2tp, Depth: 1),
        new("CAPWAP, 802.3", 1, OuterUdp(5247, [0, 0x10, 2, 0, 0, 0, 0, 0, .. Frame]), Tunnels.Capwap, Depth: 1),
        new("CAPWAP, 802.11", 1, OuterUdp(5247, [0, 0x10, 3, 0, 0, 0, 0, 0, .. Wlan, .. Snap]), Tunnels.Capwap, Depth: 1),
        new(
            "CAPWAP, 802.11 swapped",
            1,
            OuterUdp(5247, [0, 0x10, 3, 0, 0, 0, 0, 0, 2, 8, .. Wlan[2..], .. Snap]),
            Tunnels.Capwap,
            Depth: 1
        ),
        new("LWAPP", 1, OuterUdp(12222, [0, 9, .. U16(Wlan.Length + Snap.Length), 1, 2, .. Wlan, .. Snap]), Tunnels.Capwap, Depth: 1),
        new("LISP", 1, OuterUdp(4341, [0x80, 1, 2, 3, 0, 0, 0, 1, .. V4]), Tunnels.Lisp, Depth: 1),
        new("AYIYA", 1, OuterUdp(5072, [0x41, 0x52, 0x11, 41, .. new byte[4 + 16 + 20], .. V6]), Tunnels.Ayiya, Depth: 1),
        new("NSH", 1, Ethernet(0x894F, [0, 2, 2, 1, 0, 0, 1, 255, .. V4])),
        new("NSH in NSH, with Ethernet", 1, Ethernet(0x894F, [0, 2, 2, 4, 0, 0, 1, 255, 0, 3, 2, 3, 0, 0, 1, 255, 1, 2, 3, 4, .. Frame])),
        new("NSH with IPv6", 1, Ethernet(0x894F, [0, 2, 2, 2, 0, 0, 1, 255, .. V6])),
        new("NSH with MPLS", 1, Ethernet(0x894F, [0, 2, 2, 5, 0, 0, 1, 255, 0, 0, 0x21, 64, .. V4]), Tunnels.Mpls),
        new("VN-tag", 1, Ethernet(0x8926, [1, 2, 3, 4, .. U16(IPv4Type), .. V4])),
        new("VN-tag, then a VLAN", 1, Ethernet(0x8926, [1, 2, 3, 4, .. U16(Dot1q), 0, 5, .. U16(IPv4Type), .. V4])),
        new("E-tag", 1, Ethernet(0x893F, [1, 2, 3, 4, 5, 6, .. U16(IPv4Type), .. V4])),
        new("HSR", 1, Ethernet(0x892F, [1, 2, 3, 4, .. U16(IPv4Type), .. V4])),
        new("Cisco metadata", 1, Ethernet(0x8909, [1, 1, 0, 1, 0, 9, .. U16(IPv4Type), .. V4])),
        new("MACsec, in the clear", 1, Ethernet(0x88E5, [0, 0, 0, 0, 0, 1, .. U16(IPv4Type), .. V4])),
        new("MACsec with a channel", 1, Ethernet(0x88E5, [0x20, 0, 0, 0, 0, 1, .. new byte[8], .. U16(IPv4Type), .. V4])),
        new("provider bridge", 1, Ethernet(0x88E7, [0, 0, 1, 2, .. Frame])),
        new("FabricPath", 1, Ethernet(0x8903, [0, 1, .. Frame])),
        new("TRILL", 1, Ethernet(0x22F3, [0, 0x50, 0, 1, 0, 2, 9, 9, 9, 9, .. Frame])),
        new("AH and GRE", 1, Outer(51, [47, 1, 0, 0, .. new byte[8], 0, 0, .. U16(IPv4Type), .. V4]), Tunnels.Gre, Depth: 1),
    ];

    public static byte[] Outer(byte protocol, byte[] payload) => EthernetIp(protocol, OuterA, OuterB, payload);

    public static byte[] OuterUdp(ushort port, byte[] payload) => Outer(UdpNumber, Udp(40_000, port, payload));

    private static byte[] Pppoe(byte[] payload) => [0x11, 0, 0, 7, .. U16(2 + payload.Length), 0, 0x21, .. payload];
}
