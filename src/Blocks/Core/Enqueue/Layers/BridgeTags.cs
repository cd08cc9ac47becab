using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// What bridges put between an Ethernet header and its payload: tags, behind which a type follows, and headers, behind which a whole frame does.
/// <code>
/// VN-tag            8926 | virtual interfaces (4) | type (2)
/// E-tag             893F | port extender (6) | type (2)                          IEEE 802.1BR
/// HSR               892F | path and size (2) | sequence (2) | type (2)            IEC 62439-3
/// Cisco metadata    8909 | version (1) | length (1) | option (2) | group (2) | type (2)
/// MACsec            88E5 | version:1 ES SC SCB E C AN:2 | length (1) | number (4) | channel (8), if SC | type (2)      IEEE 802.1AE
///
/// provider bridge   88E7 | flags (1) | service (3) | Ethernet                     IEEE 802.1ah
/// FabricPath        8903 | tag:10 TTL:6 | Ethernet
/// TRILL             22F3 | version:2 …:3 options in 4 bytes:5 hops:6 | egress (2) | ingress (2) | options | Ethernet     RFC 6325
/// </code>
/// </summary>
internal static class BridgeTags
{
    private const byte MacsecChannel = 0x20;
    private const byte MacsecChanged = 0x0C; // encrypted, or changed otherwise

    public static void RegisterVnTag(IRegistrar registrar) =>
        registrar.Ethernet(0x8926, (context, ref packet, frame, offset) => RunType(context, ref packet, frame, offset + 4));

    public static void RegisterETag(IRegistrar registrar) =>
        registrar.Ethernet(0x893F, (context, ref packet, frame, offset) => RunType(context, ref packet, frame, offset + 6));

    public static void RegisterHsr(IRegistrar registrar) =>
        registrar.Ethernet(0x892F, (context, ref packet, frame, offset) => RunType(context, ref packet, frame, offset + 4));

    public static void RegisterCiscoMetadata(IRegistrar registrar) =>
        registrar.Ethernet(0x8909, (context, ref packet, frame, offset) => RunType(context, ref packet, frame, offset + 6));

    public static void RegisterMacsec(IRegistrar registrar) => registrar.Ethernet(0x88E5, EnqueueMacsec);

    public static void RegisterProviderBridge(IRegistrar registrar) =>
        registrar.Ethernet(0x88E7, (context, ref packet, frame, offset) => RunFrame(context, ref packet, frame, offset + 4));

    public static void RegisterFabricPath(IRegistrar registrar) =>
        registrar.Ethernet(0x8903, (context, ref packet, frame, offset) => RunFrame(context, ref packet, frame, offset + 2));

    public static void RegisterTrill(IRegistrar registrar) => registrar.Ethernet(0x22F3, EnqueueTrill);

    private static PacketRc RunType(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int typeAt)
    {
        if (frame.Length - typeAt < 2)
            return PacketRc.Corrupt;
        ushort etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[typeAt..]);
        return EthernetLayer.TypeOrLength(context, ref packet, frame, etherType, typeAt + 2);
    }

    private static PacketRc RunFrame(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        packet.EnterTunnel(Tunnels.Other);
        return context.RunLink(EthernetLayer.LinkType, ref packet, frame, offset);
    }

    private static PacketRc EnqueueMacsec(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < 6)
            return PacketRc.Corrupt;
        if ((frame[offset] & MacsecChanged) != 0)
            return PacketRc.UnknownEther;
        return RunType(context, ref packet, frame, offset + ((frame[offset] & MacsecChannel) != 0 ? 14 : 6));
    }

    private static PacketRc EnqueueTrill(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < 6)
            return PacketRc.Corrupt;
        int first = BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]);
        return first >> 14 != 0 ? PacketRc.UnknownEther : RunFrame(context, ref packet, frame, offset + 6 + ((first >> 6 & 0x1F) * 4));
    }
}
