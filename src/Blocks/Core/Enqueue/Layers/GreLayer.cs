using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// GRE: version 0 (RFC 2784, RFC 2890, routing of RFC 1701), NVGRE (RFC 7637), version 1 of PPTP (RFC 2637).
/// <code>
/// | C R K S s …  version:3 | protocol (2) | checksum, offset (4), if C or R | key (4), if K | sequence (4), if S | routes, if R | payload
/// | … K S … A … version:3 | 880B | payload length (2) call (2) | sequence (4), if S | acknowledgment (4), if A | PPP
/// </code>
/// </summary>
internal static class GreLayer
{
    private const byte IpProtocol = 47;
    private const ushort Checksum = 0x8000;
    private const ushort Routing = 0x4000;
    private const ushort Key = 0x2000;
    private const ushort Sequence = 0x1000;
    private const ushort Acknowledgment = 0x0080;
    private const ushort Flags = 0xFFF8;
    private const ushort Bridged = 0x6558;
    private const ushort Wccp = 0x883E;
    public const ushort CiscoMetadata = 0x8909;
    private const ushort ArubaFirst = 0x8200;
    private const ushort ArubaLast = 0x83FF;
    private const ushort ArubaAny = 0x9000;
    private const int MaxRoutes = 64;

    public static void Register(IRegistrar registrar) => registrar.Ip(IpProtocol, Enqueue);

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        packet.EnterTunnel(Tunnels.Gre);
        var reader = new PacketReader(frame[offset..]);
        ushort flags = reader.U16();
        ushort protocol = reader.U16();
        uint key = 0;
        switch (flags & 7)
        {
            case 0:
                if ((flags & (Checksum | Routing)) != 0)
                    reader.Skip(4);
                if ((flags & Key) != 0)
                    key = reader.U32();
                if ((flags & Sequence) != 0)
                    reader.Skip(4);
                if ((flags & Routing) != 0)
                    SkipRoutes(ref reader);
                break;
            case 1:
                reader.Skip(4);
                if ((flags & Sequence) != 0)
                    reader.Skip(4);
                if ((flags & Acknowledgment) != 0)
                    reader.Skip(4);
                break;
            default:
                return PacketRc.UnknownEther;
        }
        if (reader.Failed)
            return PacketRc.Corrupt;
        int next = frame.Length - reader.Remaining;
        if (ArkimeReadings.AskedFor(context) && ArkimeReadings.RunGre(context, protocol, ref packet, frame, next) is { } verdict)
            return verdict;
        switch (protocol)
        {
            case ErspanLayer.TypeII when (flags & Sequence) == 0: // type I: the frame follows at once
                return context.RunLink(EthernetLayer.LinkType, ref packet, frame, next);
            case Bridged when (flags & Flags) == Key: // as NVGRE asks for: the network in the upper 24 bits
                packet.Vni = key >> 8;
                break;
            case CiscoMetadata when reader.Remaining >= 8: // here the type stands before the six bytes, not behind them
                return context.RunEthernet(BinaryPrimitives.ReadUInt16BigEndian(reader.Rest), ref packet, frame, next + 8);
            case Wccp:
                return EnqueueWccp(context, ref packet, frame, next);
            case >= ArubaFirst and <= ArubaLast or ArubaAny:
                return EnqueueAruba(context, ref packet, frame, next);
        }
        return context.RunEthernet(protocol, ref packet, frame, next);
    }

    // | family (2) | offset (1) | length (1) | route | …, a length of 0 ends them
    private static void SkipRoutes(ref PacketReader reader)
    {
        for (int route = 0; route < MaxRoutes && !reader.Failed; route++)
        {
            reader.Skip(3);
            int length = reader.U8();
            if (length == 0)
                return;
            reader.Skip(length);
        }
    }

    // Version 2 puts four bytes before the packet, version 1 none.
    private static PacketRc EnqueueWccp(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
        RawLayers.Run(context, ref packet, frame, offset < frame.Length && frame[offset] >> 4 == 4 ? offset : offset + 4);

    // Access points of Aruba send their stations' IEEE 802.11 frames, which are in the clear only as the network is.
    private static PacketRc EnqueueAruba(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
        WlanLayer.Run(context, ref packet, frame, offset, padded: false, swapped: false) is var verdict and not PacketRc.DontProcess
            ? verdict
            : PacketRc.UnknownEther;
}
