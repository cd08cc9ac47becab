using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// PPP (RFC 1661), with or without HDLC-like framing (RFC 1662), its protocol compressed to one byte or not.
/// <code>
/// | FF | 03 | protocol (2, or 1 that is odd) | payload
/// </code>
/// </summary>
internal static class PppLayer
{
    private const int LinkType = 9;
    private const int HdlcLinkType = 50;
    private const int PppdLinkType = 166; // its direction stands where the address would: | 00 or 01 | 03 |
    private const int WithDirection = 204;
    private const ushort PptpType = 0x880B; // in GRE
    private const byte AllStations = 0xFF;
    private const byte Unnumbered = 0x03;
    private const ushort IPv4 = 0x0021;
    private const ushort UncompressedTcp = 0x002F;
    private const ushort CompressedTcp = 0x002D;
    private const ushort IPv6 = 0x0057;
    private const ushort Mpls = 0x0281;
    private const ushort MplsMulticast = 0x0283;
    private const ushort Iso = 0x0023;

    public static void Register(IRegistrar registrar)
    {
        registrar.Link(LinkType, Run);
        registrar.Link(HdlcLinkType, HdlcLayer.Enqueue);
        registrar.Link(PppdLinkType, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset + 1));
        registrar.Link(WithDirection, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset + 1));
        registrar.Ethernet(PptpType, Enqueue);
    }

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        packet.EnterTunnel(Tunnels.Ppp);
        return Run(context, ref packet, frame, offset);
    }

    /// <summary>Passes on what a PPP frame carries; what only sets the link up makes no session.</summary>
    public static PacketRc Run(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (offset < frame.Length && frame[offset] == AllStations)
            offset++;
        // The control byte can't be taken for a protocol: 3 is not one.
        if (offset < frame.Length && frame[offset] == Unnumbered)
            offset++;
        if (offset >= frame.Length)
            return PacketRc.Corrupt;
        int protocol = frame[offset++];
        if ((protocol & 1) == 0)
        {
            if (offset >= frame.Length)
                return PacketRc.Corrupt;
            protocol = (protocol << 8) | frame[offset++];
        }
        return protocol switch
        {
            IPv4 => context.RunEthernet(IPv4Layer.EtherType, ref packet, frame, offset),
            IPv6 => context.RunEthernet(IPv6Layer.EtherType, ref packet, frame, offset),
            Mpls or MplsMulticast => context.RunEthernet(MplsLayer.EtherType, ref packet, frame, offset),
            Iso => NlpidLayer.Run(context, ref packet, frame, offset),
            // RFC 1144: they can't be told without all the packets before.
            CompressedTcp or UncompressedTcp => PacketRc.DontProcess,
            _ => PacketRc.DontProcess, // LCP, IPCP and their kin
        };
    }
}
