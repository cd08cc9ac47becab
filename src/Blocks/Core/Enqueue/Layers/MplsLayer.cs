using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// MPLS (RFC 3032), over Ethernet, IP (RFC 4023), UDP (RFC 7510) and PPP. Nothing says what the label stack carries, so the bits after it must: IP
/// by its version; else an Ethernet pseudowire (RFC 4448) behind a control word, or without one where its type is plain.
/// <code>
/// { label:20 | traffic class:3 | bottom:1 | TTL:8 } … | IP
///                                                     | 0:4 control word:28 | Ethernet
/// </code>
/// </summary>
internal static class MplsLayer
{
    public const ushort EtherType = 0x8847;
    private const ushort Multicast = 0x8848;
    private const byte InIp = 137;
    private const ushort OverUdp = 6635;
    private const int EntryLength = 4;

    public static void Register(IRegistrar registrar)
    {
        registrar.Ethernet(EtherType, Enqueue);
        registrar.Ethernet(Multicast, Enqueue);
        registrar.Ip(InIp, Enqueue);
    }

    public static void RegisterOverUdp(IRegistrar registrar) => registrar.UdpPort(OverUdp, EnqueueUdp);

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        int next = AfterStack(frame, offset);
        if (next < 0 || next >= frame.Length)
            return PacketRc.Corrupt;
        packet.EnterTunnel(Tunnels.Mpls);
        switch (frame[next] >> 4)
        {
            case 4:
                return context.RunEthernet(IPv4Layer.EtherType, ref packet, frame, next);
            case 6:
                return context.RunEthernet(IPv6Layer.EtherType, ref packet, frame, next);
            case 0 when !EthernetLayer.LooksRight(frame, next) && EthernetLayer.LooksRight(frame, next + EntryLength):
                return context.RunLink(EthernetLayer.LinkType, ref packet, frame, next + EntryLength);
            default:
                return EthernetLayer.LooksRight(frame, next)
                    ? context.RunLink(EthernetLayer.LinkType, ref packet, frame, next)
                    : PacketRc.UnknownEther;
        }
    }

    private static PacketRc EnqueueUdp(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        int next = AfterStack(frame, offset);
        return next >= 0 && RawLayers.LooksRight(frame, next) ? Enqueue(context, ref packet, frame, offset) : PacketRc.UnknownIp;
    }

    /// <summary>The offset behind the entry that is marked as the last; -1 when the frame ends first.</summary>
    private static int AfterStack(ReadOnlySpan<byte> frame, int offset)
    {
        for (int at = offset; frame.Length - at >= EntryLength; at += EntryLength)
        {
            if ((frame[at + 2] & 1) != 0)
                return at + EntryLength;
        }
        return -1;
    }
}
