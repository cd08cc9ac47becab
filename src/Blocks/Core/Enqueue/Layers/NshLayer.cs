using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Network service header (RFC 8300 section 2).
/// <code>
/// | version:2 O:1 U:1 TTL:6 length in 4 bytes:6 | reserved:4 metadata type:4 | next protocol (1) | path (3) | index (1) | context … | payload
/// </code>
/// </summary>
internal static class NshLayer
{
    public const ushort EtherType = 0x894F;
    private const int MinimumLength = 8;

    public static void Register(IRegistrar registrar) => registrar.Ethernet(EtherType, Enqueue);

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < MinimumLength)
            return PacketRc.Corrupt;
        int length = (frame[offset + 1] & 0x3F) * 4;
        if (length < MinimumLength)
            return PacketRc.Corrupt;
        int next = offset + length;
        packet.EnterTunnel(Tunnels.Other);
        return frame[offset + 3] switch
        {
            1 => context.RunEthernet(IPv4Layer.EtherType, ref packet, frame, next),
            2 => context.RunEthernet(IPv6Layer.EtherType, ref packet, frame, next),
            3 => context.RunLink(EthernetLayer.LinkType, ref packet, frame, next),
            4 => context.RunEthernet(EtherType, ref packet, frame, next),
            5 => context.RunEthernet(MplsLayer.EtherType, ref packet, frame, next),
            _ => PacketRc.UnknownEther,
        };
    }
}
