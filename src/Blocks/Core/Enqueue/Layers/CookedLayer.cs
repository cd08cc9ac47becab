using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Linux "cooked" captures (tcpdump.org: LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2).
/// <code>
/// SLL   | packet type (2) | ARPHRD (2) | address length (2) | address (8) | protocol (2) | payload
/// SLL2  | protocol (2) | reserved (2) | interface (4) | ARPHRD (2) | packet type (1) | address length (1) | address (8) | payload
/// </code>
/// The protocol is an Ethernet type, or one of Linux' own numbers; under some ARPHRD types it means nothing.
/// </summary>
internal static class CookedLayer
{
    public const int LinkType = 113;
    public const int LinkType2 = 276;
    private const ushort ArphrdWlan = 801;
    private const ushort ArphrdPrism = 802;
    private const ushort ArphrdRadiotap = 803;
    private const ushort ArphrdNetlink = 824;
    private const ushort Ieee8022 = 0x0004; // ETH_P_802_2: an LLC header follows

    public static void Register(IRegistrar registrar)
    {
        registrar.Link(
            LinkType,
            (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset + 14, offset + 2, offset + 16)
        );
        registrar.Link(LinkType2, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset, offset + 8, offset + 20));
    }

    private static PacketRc Run(
        EnqueueContext context,
        ref PacketRecord packet,
        ReadOnlySpan<byte> frame,
        int protocolAt,
        int arphrdAt,
        int payloadAt
    )
    {
        if (frame.Length < payloadAt)
            return PacketRc.Corrupt;
        switch (BinaryPrimitives.ReadUInt16BigEndian(frame[arphrdAt..]))
        {
            case ArphrdWlan:
                return context.RunLink(WlanLayer.LinkType, ref packet, frame, payloadAt);
            case ArphrdPrism:
                return context.RunLink(WlanLayer.Prism, ref packet, frame, payloadAt);
            case ArphrdRadiotap:
                return context.RunLink(WlanLayer.Radiotap, ref packet, frame, payloadAt);
            case ArphrdNetlink:
                return PacketRc.DontProcess;
        }
        ushort protocol = BinaryPrimitives.ReadUInt16BigEndian(frame[protocolAt..]);
        return protocol == Ieee8022
            ? context.RunLlc(ref packet, frame, payloadAt)
            : context.RunEthernet(protocol, ref packet, frame, payloadAt);
    }
}
