using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Ethernet with something put before it, or between its addresses and its type: the tags that switch chips add for their processor (DSA, EDSA,
/// Broadcom's), and capture devices' own headers.
/// <code>
/// DSA, Broadcom   | destination (6) | source (6) | tag (4) | type (2) | payload
/// EDSA            | destination (6) | source (6) | DA DA | 00 00 | tag (4) | type (2) | payload
/// prepended       | tag (4) | Ethernet
/// netANALYZER     | header (4) | preamble (8), if transparent | Ethernet
/// EPON, mPacket   | preamble (8) | Ethernet
/// DSA's tag       | code:2 tagged:1 … | … | PCP:3 …:1 VLAN id:12 |
/// </code>
/// </summary>
internal static class TaggedLinks
{
    private const int NetAnalyzer = 240;
    private const int NetAnalyzerTransparent = 241;
    private const int Epon = 259;
    private const int MPacket = 274;
    private const int Broadcom = 281;
    private const int BroadcomPrepended = 282;
    private const int Dsa = 284;
    private const int Edsa = 285;
    private const byte DsaTagged = 0x20;

    public static void Register(IRegistrar registrar)
    {
        registrar.Link(NetAnalyzer, (context, ref packet, frame, offset) => Ethernet(context, ref packet, frame, offset + 4));
        registrar.Link(NetAnalyzerTransparent, (context, ref packet, frame, offset) => Ethernet(context, ref packet, frame, offset + 12));
        registrar.Link(Epon, (context, ref packet, frame, offset) => Ethernet(context, ref packet, frame, offset + 8));
        registrar.Link(MPacket, (context, ref packet, frame, offset) => Ethernet(context, ref packet, frame, offset + 8));
        registrar.Link(BroadcomPrepended, (context, ref packet, frame, offset) => Ethernet(context, ref packet, frame, offset + 4));
        registrar.Link(Broadcom, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset, 4, isDsa: false));
        registrar.Link(Dsa, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset, 4, isDsa: true));
        registrar.Link(Edsa, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset, 8, isDsa: true));
    }

    private static PacketRc Ethernet(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
        context.RunLink(EthernetLayer.LinkType, ref packet, frame, offset);

    private static PacketRc Run(
        EnqueueContext context,
        ref PacketRecord packet,
        ReadOnlySpan<byte> frame,
        int offset,
        int tagLength,
        bool isDsa
    )
    {
        int typeAt = offset + EthernetLayer.AddressesLength + tagLength;
        if (frame.Length < typeAt + 2 || offset >= PacketRecord.None)
            return PacketRc.Corrupt;
        packet.OuterEtherOffset = packet.EtherOffset;
        packet.EtherOffset = (ushort)offset;
        ReadOnlySpan<byte> tag = frame.Slice(typeAt - 4, 4);
        // The frame's own VLAN tag has become this one.
        if (isDsa && (tag[0] & DsaTagged) != 0)
            EthernetLayer.AddVlan(ref packet, BinaryPrimitives.ReadUInt16BigEndian(tag[2..]), isService: false);
        ushort etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[typeAt..]);
        return EthernetLayer.TypeOrLength(context, ref packet, frame, etherType, typeAt + 2);
    }
}
