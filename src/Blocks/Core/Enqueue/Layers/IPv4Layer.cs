using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// IPv4 (RFC 791 section 3.1), options stepped over.
/// <code>
/// +-------+-------+---------------+-------------------------------+
/// |   4   |  IHL  |      TOS      |          total length         |
/// +-------+-------+---------------+-----+-------------------------+
/// |        identification         |flags|     fragment offset     |
/// +---------------+---------------+-----+-------------------------+
/// |      TTL      |    protocol   |            checksum           |
/// +---------------+---------------+-------------------------------+
/// |                        source address                         |
/// |                      destination address                      |
/// </code>
/// </summary>
internal static class IPv4Layer
{
    public const ushort EtherType = 0x0800;
    public const int MinimumLength = 20;
    private const int MoreFragments = 0x2000;
    private const int FragmentOffset = 0x1FFF;

    [MethodImpl(HotPath.Options)]
    public static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < MinimumLength)
            return PacketRc.Corrupt;
        ReadOnlySpan<byte> ip = frame[offset..];
        if (ip[0] >> 4 != 4)
            return PacketRc.Corrupt;
        int headerLength = (ip[0] & 0xF) * 4;
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
        // Segmentation offload leaves 0 there: the capture's length is all there is to go by.
        if (totalLength == 0)
            totalLength = Math.Min(ip.Length, ushort.MaxValue);
        if (headerLength < MinimumLength || totalLength < headerLength || ip.Length < headerLength)
            return PacketRc.Corrupt;
        if (totalLength > ip.Length && ArkimeReadings.AskedFor(context))
            return PacketRc.Corrupt; // whatever the snap length cut short
        if (offset + headerLength >= PacketRecord.None)
            return PacketRc.Corrupt; // offsets have 16 bits
        int fragment = BinaryPrimitives.ReadUInt16BigEndian(ip[6..]);
        if ((fragment & (MoreFragments | FragmentOffset)) != 0)
        {
            int start = (fragment & FragmentOffset) * 8;
            return context.RunFragment(
                new IpFragment
                {
                    IpOffset = offset,
                    DataOffset = offset + headerLength,
                    Start = start,
                    End = start + totalLength - headerLength,
                    More = (fragment & MoreFragments) != 0,
                    Identification = BinaryPrimitives.ReadUInt16BigEndian(ip[4..]),
                    Protocol = ip[9],
                },
                ref packet,
                frame
            );
        }
        packet.IpOffset = (ushort)offset;
        packet.PayloadOffset = (ushort)(offset + headerLength);
        packet.PayloadLength = (ushort)(Math.Min(totalLength, ip.Length) - headerLength);
        return context.RunIp(ip[9], ref packet, frame, packet.PayloadOffset);
    }
}
