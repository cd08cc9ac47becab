using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Ethernet (IEEE 802.3) with up to three VLAN tags (IEEE 802.1Q, 802.1ad).
/// <code>
/// | destination (6) | source (6) | { TPID (2) | PCP:3 DEI:1 id:12 } … | type (2) | payload
/// </code>
/// </summary>
internal static class EthernetLayer
{
    public const int LinkType = 1;
    private const int HeaderLength = 14;
    private const int TagLength = 4;
    private const int MaxTags = 3;
    private const ushort CustomerTag = 0x8100;
    private const ushort ServiceTag = 0x88A8;
    private const ushort OldServiceTag = 0x9100;

    public static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < HeaderLength || offset >= PacketRecord.None)
            return PacketRc.Corrupt;
        packet.EtherOffset = (ushort)offset;
        packet.Vlan0 = packet.Vlan1 = packet.Vlan2 = 0;
        ushort etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 12)..]);
        int next = offset + HeaderLength;
        return etherType is CustomerTag or ServiceTag or OldServiceTag
            ? Tagged(context, ref packet, frame, etherType, next)
            : context.RunEthernet(etherType, ref packet, frame, next);
    }

    /// <summary>Steps over tags; <paramref name="next"/> is behind the first TPID.</summary>
    public static PacketRc Tagged(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, ushort etherType, int next)
    {
        for (int tag = 0; etherType is CustomerTag or ServiceTag or OldServiceTag; tag++)
        {
            if (tag == MaxTags || frame.Length - next < TagLength)
                return PacketRc.Corrupt;
            int id = BinaryPrimitives.ReadUInt16BigEndian(frame[next..]) & PacketRecord.VlanId;
            var vlan = (ushort)(id | PacketRecord.VlanPresent | (etherType == CustomerTag ? 0 : PacketRecord.VlanService));
            if (tag == 0)
                packet.Vlan0 = vlan;
            else if (tag == 1)
                packet.Vlan1 = vlan;
            else
                packet.Vlan2 = vlan;
            etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[(next + 2)..]);
            next += TagLength;
        }
        return context.RunEthernet(etherType, ref packet, frame, next);
    }
}
