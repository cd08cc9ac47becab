using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Link types with an addressing of their own, then an Ethernet type or the like: ARCNET, IP over InfiniBand, IP over IEEE 1394, Juniper's
/// routers.
/// <code>
/// ARCNET, BSD    | source (1) | destination (1) | type (1) | payload
/// ARCNET, Linux  | source (1) | destination (1) | offset (2) | type (1) | payload
///                  RFC 1201 puts before the payload | split flag (1), FF: another header follows | sequence (2)
/// IPoIB          | global routing header (40) | Ethernet type (2) | reserved (2) | payload
/// IEEE 1394      | destination (8) | source (8) | Ethernet type (2) | payload
/// Juniper        | 4D 47 43 | flags (1) | length of extensions (2), if flag 80 | extensions | protocol family (4), if flag 02 | payload
/// </code>
/// </summary>
internal static class OtherLinks
{
    private const int ArcnetBsd = 7;
    private const int ArcnetLinux = 129;
    private const int AppleFireWire = 138;
    private const int JuniperEthernet = 178;
    private const int JuniperPpp = 179;
    private const int JuniperFrameRelay = 180;
    private const int JuniperHdlc = 181;
    private const int IpOverInfiniBand = 242;
    private const byte ArcnetIp1051 = 0xF0;
    private const byte ArcnetArp1051 = 0xF1;
    private const byte ArcnetIp1201 = 0xD4;
    private const byte ArcnetArp1201 = 0xD5;
    private const byte ArcnetException = 0xFF;
    private const ushort Arp = 0x0806;
    private const uint JuniperMagic = 0x4D4743;
    private const byte JuniperExtensions = 0x80;
    private const byte JuniperNoLink = 0x02;

    public static void Register(IRegistrar registrar)
    {
        registrar.Link(ArcnetBsd, (context, ref packet, frame, offset) => Arcnet(context, ref packet, frame, offset + 2));
        registrar.Link(ArcnetLinux, (context, ref packet, frame, offset) => Arcnet(context, ref packet, frame, offset + 4));
        registrar.Link(IpOverInfiniBand, (context, ref packet, frame, offset) => Typed(context, ref packet, frame, offset + 40, 4));
        registrar.Link(AppleFireWire, (context, ref packet, frame, offset) => Typed(context, ref packet, frame, offset + 16, 2));
        registrar.Link(
            JuniperEthernet,
            (context, ref packet, frame, offset) => Juniper(context, ref packet, frame, offset, EthernetLayer.LinkType)
        );
        registrar.Link(JuniperPpp, (context, ref packet, frame, offset) => Juniper(context, ref packet, frame, offset, 9));
        registrar.Link(JuniperFrameRelay, (context, ref packet, frame, offset) => Juniper(context, ref packet, frame, offset, 107));
        registrar.Link(JuniperHdlc, (context, ref packet, frame, offset) => Juniper(context, ref packet, frame, offset, 104));
    }

    private static PacketRc Typed(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int typeAt, int length) =>
        frame.Length - typeAt < length
            ? PacketRc.Corrupt
            : context.RunEthernet(BinaryPrimitives.ReadUInt16BigEndian(frame[typeAt..]), ref packet, frame, typeAt + length);

    private static PacketRc Arcnet(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int typeAt)
    {
        if (frame.Length <= typeAt)
            return PacketRc.Corrupt;
        byte type = frame[typeAt];
        int next = typeAt + 1;
        if (type is ArcnetIp1201 or ArcnetArp1201)
        {
            if (frame.Length <= next)
                return PacketRc.Corrupt;
            next += frame[next] == ArcnetException ? 7 : 3;
        }
        return type switch
        {
            ArcnetIp1051 or ArcnetIp1201 => RawLayers.Run(context, ref packet, frame, next),
            ArcnetArp1051 or ArcnetArp1201 => context.RunEthernet(Arp, ref packet, frame, next),
            _ => PacketRc.UnknownEther,
        };
    }

    private static PacketRc Juniper(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset, int linkType)
    {
        var reader = new PacketReader(frame[offset..]);
        uint magic = reader.U24();
        byte flags = reader.U8();
        if ((flags & JuniperExtensions) != 0)
            reader.Skip(reader.U16());
        if ((flags & JuniperNoLink) != 0)
            reader.Skip(4);
        if (reader.Failed || magic != JuniperMagic)
            return PacketRc.Corrupt;
        int next = frame.Length - reader.Remaining;
        return (flags & JuniperNoLink) != 0
            ? RawLayers.Run(context, ref packet, frame, next)
            : context.RunLink(linkType, ref packet, frame, next);
    }
}
