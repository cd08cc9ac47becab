using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Cisco's HDLC, and PPP in HDLC-like framing, which the first byte tells apart.
/// <code>
/// Cisco | 0F unicast or 8F multicast | 00 | Ethernet type (2) | payload
/// ISO   | 0F or 8F | 00 | FE | FE | control (1) | NLPID (1) | payload
/// PPP   | FF | 03 | protocol …
/// </code>
/// </summary>
internal static class HdlcLayer
{
    private const int LinkType = 104;
    private const int WithDirection = 205;
    private const byte Unicast = 0x0F;
    private const byte Multicast = 0x8F;
    private const ushort Iso = 0xFEFE;

    public static void Register(IRegistrar registrar)
    {
        registrar.Link(LinkType, Enqueue);
        registrar.Link(WithDirection, (context, ref packet, frame, offset) => Enqueue(context, ref packet, frame, offset + 1));
    }

    public static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        int next = offset + 4;
        if (frame.Length < next)
            return PacketRc.Corrupt;
        if (frame[offset] is not (Unicast or Multicast))
            return PppLayer.Run(context, ref packet, frame, offset);
        ushort etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 2)..]);
        return etherType == Iso
            ? NlpidLayer.Run(context, ref packet, frame, next + 1)
            : context.RunEthernet(etherType, ref packet, frame, next);
    }
}
