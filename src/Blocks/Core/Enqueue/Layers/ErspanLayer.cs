using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// ERSPAN (draft-foschiano-erspan), mirrored Ethernet frames in GRE; type I has no header and is told by GRE.
/// <code>
/// II   | 1:4 VLAN:12 | COS:3 En:2 T:1 session:10 | reserved:12 index:20 | Ethernet
/// III  | 2:4 VLAN:12 | COS:3 BSO:2 T:1 session:10 | timestamp (4) | SGT (2) | P:1 FT:5 HW:6 D:1 Gra:2 O:1 | subheader (8), if O | Ethernet
/// </code>
/// </summary>
internal static class ErspanLayer
{
    public const ushort TypeII = 0x88BE;
    private const ushort TypeIII = 0x22EB;
    private const int HeaderII = 8;
    private const int HeaderIII = 12;
    private const int Subheader = 8;

    public static void Register(IRegistrar registrar)
    {
        registrar.Ethernet(TypeII, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset, 1, HeaderII));
        registrar.Ethernet(TypeIII, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset, 2, HeaderIII));
    }

    private static PacketRc Run(
        EnqueueContext context,
        ref PacketRecord packet,
        ReadOnlySpan<byte> frame,
        int offset,
        int version,
        int header
    )
    {
        if (frame.Length - offset < header)
            return PacketRc.Corrupt;
        int first = BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]);
        if (first >> 12 != version)
            return PacketRc.UnknownEther;
        if (version == 2 && (frame[offset + header - 1] & 1) != 0)
            header += Subheader;
        packet.EnterTunnel(Tunnels.Other);
        EthernetLayer.AddVlan(ref packet, first, isService: false);
        return context.RunLink(EthernetLayer.LinkType, ref packet, frame, offset + header);
    }
}
