using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>Link types that carry IP without a link layer (LINKTYPE_RAW, _IPV4, _IPV6), or behind a loopback's word (LINKTYPE_NULL, _LOOP).</summary>
internal static class RawLayers
{
    public const int Null = 0;
    public const int Raw = 101;
    public const int Loop = 108;
    public const int IPv4 = 228;
    public const int IPv6 = 229;

    public static PacketRc EnqueueRaw(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (offset >= frame.Length)
            return PacketRc.Corrupt;
        return (frame[offset] >> 4) switch
        {
            4 => context.RunEthernet(IPv4Layer.EtherType, ref packet, frame, offset),
            6 => context.RunEthernet(IPv6Layer.EtherType, ref packet, frame, offset),
            _ => PacketRc.Corrupt,
        };
    }

    /// <summary>
    /// BSD loopback: four bytes of address family in the byte order of the machine that captured (NULL) or of the network (LOOP). AF_INET
    /// is 2 everywhere; AF_INET6 is 24, 28 or 30, and 10 on Linux.
    /// </summary>
    public static PacketRc EnqueueLoopback(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < 4)
            return PacketRc.Corrupt;
        uint family = BinaryPrimitives.ReadUInt32BigEndian(frame[offset..]);
        if (family > 0xFFFF)
            family = BinaryPrimitives.ReverseEndianness(family);
        return family switch
        {
            2 => context.RunEthernet(IPv4Layer.EtherType, ref packet, frame, offset + 4),
            10 or 24 or 28 or 30 => context.RunEthernet(IPv6Layer.EtherType, ref packet, frame, offset + 4),
            _ => PacketRc.UnknownLink,
        };
    }
}
