using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Ethernet (IEEE 802.3) with up to three VLAN tags (IEEE 802.1Q, 802.1ad).
/// <code>
/// | destination (6) | source (6) | { TPID (2) | PCP:3 DEI:1 id:12 } … | type (2) | payload
/// | destination (6) | source (6) | { … } | length (2), at most 1500 | LLC | padding
/// </code>
/// </summary>
internal static class EthernetLayer
{
    public const int LinkType = 1;
    public const int HeaderLength = 14;
    public const int AddressesLength = 12;

    // Linux hands bridged frames on under this number, GRE and Geneve name them so.
    private const ushort TransparentBridging = 0x6558;
    private const int TagLength = 4;
    private const int MaxTags = 3;
    private const ushort CustomerTag = 0x8100;
    private const ushort ServiceTag = 0x88A8;
    private const ushort OldServiceTag = 0x9100;
    private const ushort GreatestLength = 1500;

    public static void Register(IRegistrar registrar)
    {
        registrar.Link(LinkType, Enqueue);
        registrar.Ethernet(TransparentBridging, Enqueue);
        // Tags that follow a layer of their own (a VN-tag, a cooked header): the TPID is already behind them.
        registrar.Ethernet(CustomerTag, (context, ref packet, frame, offset) => Tagged(context, ref packet, frame, CustomerTag, offset));
        registrar.Ethernet(ServiceTag, (context, ref packet, frame, offset) => Tagged(context, ref packet, frame, ServiceTag, offset));
        registrar.Ethernet(
            OldServiceTag,
            (context, ref packet, frame, offset) => Tagged(context, ref packet, frame, OldServiceTag, offset)
        );
    }

    [MethodImpl(HotPath.Options)]
    public static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < HeaderLength || offset >= PacketRecord.None)
            return PacketRc.Corrupt;
        packet.OuterEtherOffset = packet.EtherOffset;
        packet.EtherOffset = (ushort)offset;
        ushort etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + AddressesLength)..]);
        int next = offset + HeaderLength;
        return etherType is CustomerTag or ServiceTag or OldServiceTag
            ? Tagged(context, ref packet, frame, etherType, next)
            : TypeOrLength(context, ref packet, frame, etherType, next);
    }

    /// <summary>Steps over tags; <paramref name="next"/> is behind the first TPID.</summary>
    private static PacketRc Tagged(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, ushort etherType, int next)
    {
        for (int tag = 0; etherType is CustomerTag or ServiceTag or OldServiceTag; tag++)
        {
            if (tag == MaxTags || frame.Length - next < TagLength)
                return PacketRc.Corrupt;
            int id = BinaryPrimitives.ReadUInt16BigEndian(frame[next..]);
            AddVlan(ref packet, id, isService: etherType != CustomerTag);
            etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[(next + 2)..]);
            next += TagLength;
        }
        return TypeOrLength(context, ref packet, frame, etherType, next);
    }

    /// <summary>Notes a VLAN behind those found so far; a fourth, which only tunnels can bring, is left out.</summary>
    public static void AddVlan(ref PacketRecord packet, int id, bool isService)
    {
        var vlan = (ushort)((id & PacketRecord.VlanId) | PacketRecord.VlanPresent | (isService ? PacketRecord.VlanService : 0));
        if (packet.Vlan0 == 0)
            packet.Vlan0 = vlan;
        else if (packet.Vlan1 == 0)
            packet.Vlan1 = vlan;
        else if (packet.Vlan2 == 0)
            packet.Vlan2 = vlan;
    }

    /// <summary>Passes on what begins with an Ethernet type, or with a length as IEEE 802.3 has it.</summary>
    public static PacketRc TypeOrLength(
        EnqueueContext context,
        ref PacketRecord packet,
        ReadOnlySpan<byte> frame,
        ushort etherType,
        int next
    )
    {
        if (etherType > GreatestLength)
            return context.RunEthernet(etherType, ref packet, frame, next);
        if (packet.EtherType == 0)
            packet.EtherType = etherType;
        return context.RunLlc(ref packet, frame[..Math.Min(frame.Length, next + etherType)], next);
    }

    /// <summary>Whether an Ethernet header that carries IP, ARP or a VLAN tag begins here: for headers that must be guessed.</summary>
    public static bool LooksRight(ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < HeaderLength)
            return false;
        return BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + AddressesLength)..]) switch
        {
            IPv4Layer.EtherType or IPv6Layer.EtherType => RawLayers.LooksRight(frame, offset + HeaderLength),
            CustomerTag or ServiceTag or OldServiceTag or 0x0806 => true,
            _ => false,
        };
    }
}
