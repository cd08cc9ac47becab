using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Logical Link Control (IEEE 802.2), with SNAP (IEEE 802, RFC 1042) and the network layer identifiers of ISO (ISO/IEC TR 9577).
/// <code>
/// | DSAP (1) | SSAP (1) | control (1 or 2) | payload
/// SNAP | AA | AA | 03 | organization (3) | protocol (2) | payload
/// ISO  | FE | FE | 03 | NLPID (1) | payload
/// </code>
/// </summary>
internal static class LlcLayer
{
    public const byte Snap = 0xAA;
    public static readonly EnqueueCallback Callback = Enqueue;
    private const byte Unnumbered = 0x03;
    private const byte Iso = 0xFE;
    private const byte InternetProtocol = 0x06;
    private const int SnapLength = 8;
    private const uint Encapsulated = 0x000000; // RFC 1042
    private const uint BridgeTunnel = 0x0000F8; // IEEE 802.1H
    private const uint Bridged = 0x0080C2; // IEEE 802.1, RFC 2427 and RFC 2684

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < 3)
            return PacketRc.Corrupt;
        byte sap = frame[offset];
        bool unnumbered = frame[offset + 2] == Unnumbered;
        if (sap == Snap && (frame[offset + 1] & 0xFE) == Snap && unnumbered)
            return RunSnap(context, ref packet, frame, offset + 3);
        if (sap == Iso && unnumbered)
            return NlpidLayer.Run(context, ref packet, frame, offset + 3);
        if (sap == InternetProtocol && unnumbered)
            return RawLayers.Run(context, ref packet, frame, offset + 3); // RFC 948
        return context.RunSap(sap, ref packet, frame, offset);
    }

    /// <summary>Passes on what follows LLC's three bytes of SNAP: organization and protocol.</summary>
    public static PacketRc RunSnap(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        int next = offset + SnapLength - 3;
        if (frame.Length < next)
            return PacketRc.Corrupt;
        uint organization = BinaryPrimitives.ReadUInt32BigEndian(frame[offset..]) >> 8;
        ushort protocol = BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 3)..]);
        switch (organization)
        {
            case Encapsulated or BridgeTunnel:
                packet.EtherType = 0; // was the length
                return context.RunEthernet(protocol, ref packet, frame, next);
            case Bridged when protocol is 1 or 7: // an Ethernet frame, with its checksum or without
                // ATM aligns it by two bytes (RFC 2684 section 5.2), frame relay does not (RFC 2427 section 4.2).
                int padding = !EthernetLayer.LooksRight(frame, next) && EthernetLayer.LooksRight(frame, next + 2) ? 2 : 0;
                return context.RunLink(EthernetLayer.LinkType, ref packet, frame, next + padding);
            default:
                return PacketRc.UnknownEther;
        }
    }
}
