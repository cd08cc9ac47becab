using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Linux "cooked" captures (tcpdump.org: LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2).
/// <code>
/// SLL   | packet type (2) | ARPHRD (2) | address length (2) | address (8) | protocol (2) | payload
/// SLL2  | protocol (2) | reserved (2) | interface (4) | ARPHRD (2) | packet type (1) | address length (1) | address (8) | payload
/// </code>
/// </summary>
internal static class CookedLayer
{
    public const int LinkType = 113;
    public const int LinkType2 = 276;

    public static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
        Run(context, ref packet, frame, offset + 14, offset + 16);

    public static PacketRc Enqueue2(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
        Run(context, ref packet, frame, offset, offset + 20);

    private static PacketRc Run(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int protocolAt, int payloadAt)
    {
        if (frame.Length < payloadAt)
            return PacketRc.Corrupt;
        ushort etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[protocolAt..]);
        return etherType is 0x8100 or 0x88A8 or 0x9100
            ? EthernetLayer.Tagged(context, ref packet, frame, etherType, payloadAt)
            : context.RunEthernet(etherType, ref packet, frame, payloadAt);
    }
}
