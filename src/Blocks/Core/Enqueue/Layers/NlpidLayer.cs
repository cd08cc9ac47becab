using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Network layer protocol identifiers (ISO/IEC TR 9577), one byte before the packet, as frame relay (RFC 2427) and ISO over LLC have them. The
/// protocols of ISO themselves go on under the identifier as Ethernet type, with the offset behind it, as in Arkime.
/// </summary>
internal static class NlpidLayer
{
    private const byte Padding = 0x00;
    private const byte Snap = 0x80;
    private const byte Clnp = 0x81;
    private const byte EsIs = 0x82;
    private const byte IsIs = 0x83;
    private const byte IPv6 = 0x8E;
    private const byte IPv4 = 0xCC;
    private const byte Ppp = 0xCF;

    public static PacketRc Run(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (offset < frame.Length && frame[offset] == Padding)
            offset++;
        if (offset >= frame.Length)
            return PacketRc.Corrupt;
        byte identifier = frame[offset];
        int next = offset + 1;
        return identifier switch
        {
            IPv4 => context.RunEthernet(IPv4Layer.EtherType, ref packet, frame, next),
            IPv6 => context.RunEthernet(IPv6Layer.EtherType, ref packet, frame, next),
            Snap => LlcLayer.RunSnap(context, ref packet, frame, next),
            Ppp => PppLayer.Run(context, ref packet, frame, next),
            Clnp or EsIs or IsIs => context.RunEthernet(identifier, ref packet, frame, next),
            _ => PacketRc.UnknownEther,
        };
    }
}
