using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// IP in IP: 4in4 (RFC 2003), 6in4 (RFC 4213), 4in6 and 6in6 (RFC 2473); Ethernet in IP (EtherIP of RFC 3378, segment routing's of RFC 8986).
/// <code>
/// EtherIP | version:4, 3 | reserved:12 | Ethernet
/// </code>
/// </summary>
internal static class IpInIpLayer
{
    private const byte IPv4 = 4;
    private const byte IPv6 = 41;
    private const byte EtherIp = 97;
    private const byte Ethernet = 143;

    public static void Register(IRegistrar registrar)
    {
        registrar.Ip(IPv4, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset, IPv4Layer.EtherType));
        registrar.Ip(IPv6, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset, IPv6Layer.EtherType));
    }

    public static void RegisterEtherIp(IRegistrar registrar) =>
        registrar.Ip(EtherIp, (context, ref packet, frame, offset) => RunEthernet(context, ref packet, frame, offset + 2));

    public static void RegisterEthernet(IRegistrar registrar) => registrar.Ip(Ethernet, RunEthernet);

    private static PacketRc Run(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset, ushort etherType)
    {
        packet.EnterTunnel(Tunnels.Other);
        return context.RunEthernet(etherType, ref packet, frame, offset);
    }

    private static PacketRc RunEthernet(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        packet.EnterTunnel(Tunnels.Other);
        return context.RunLink(EthernetLayer.LinkType, ref packet, frame, offset);
    }
}
