using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// VXLAN (RFC 7348) and VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe), which says what it carries.
/// <code>
/// | R R Ver:2 I P B O | reserved (2) | next protocol (1), if P | VNI (3) | reserved (1) | payload
/// </code>
/// </summary>
internal static class VxlanLayer
{
    private const ushort Port = 4789;
    private const ushort GpePort = 4790;
    private const ushort LinuxPort = 8472; // before IANA had given one, and still the default there
    private const int HeaderLength = 8;
    private const byte HasVni = 0x08;
    private const byte HasProtocol = 0x04;

    // What RFC 7348 leaves reserved, without the bits of the group policy extension (G, D, A).
    private const byte Reserved0 = 0x77;
    private const byte Reserved1 = 0xB7;

    public static void Register(IRegistrar registrar)
    {
        registrar.UdpPort(Port, Enqueue);
        registrar.UdpPort(LinuxPort, Enqueue);
        registrar.UdpPort(GpePort, EnqueueGpe);
    }

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset <= HeaderLength)
            return PacketRc.UnknownIp;
        // GPE on VXLAN's own port: RFC 7348 would have the bit ignored, and the protocol says Ethernet then.
        if ((frame[offset] & HasProtocol) != 0)
            return EnqueueGpe(context, ref packet, frame, offset);
        if ((frame[offset] & Reserved0) != 0 || (frame[offset + 1] & Reserved1) != 0)
            return PacketRc.UnknownIp;
        Enter(ref packet, frame, offset, Tunnels.Vxlan);
        return context.RunLink(EthernetLayer.LinkType, ref packet, frame, offset + HeaderLength);
    }

    private static PacketRc EnqueueGpe(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        int next = offset + HeaderLength;
        if (frame.Length <= next || (frame[offset] & 0xF0) != 0 || frame[offset + 1] != 0)
            return PacketRc.UnknownIp;
        Enter(ref packet, frame, offset, Tunnels.VxlanGpe);
        return frame[offset + 3] switch
        {
            1 => context.RunEthernet(IPv4Layer.EtherType, ref packet, frame, next),
            2 => context.RunEthernet(IPv6Layer.EtherType, ref packet, frame, next),
            3 => context.RunLink(EthernetLayer.LinkType, ref packet, frame, next),
            4 => context.RunEthernet(NshLayer.EtherType, ref packet, frame, next),
            5 => context.RunEthernet(MplsLayer.EtherType, ref packet, frame, next),
            _ => PacketRc.UnknownIp,
        };
    }

    private static void Enter(ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset, Tunnels kind)
    {
        packet.EnterTunnel(kind);
        if ((frame[offset] & HasVni) != 0)
            packet.Vni = BinaryPrimitives.ReadUInt32BigEndian(frame[(offset + 4)..]) >> 8;
    }
}
