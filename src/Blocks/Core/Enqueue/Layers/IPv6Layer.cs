using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// IPv6 (RFC 8200 section 3) and the extension headers before its payload.
/// <code>
/// +-------+---------------+---------------------------------------+
/// |   6   | traffic class |              flow label               |
/// +-------+---------------+-------+---------------+---------------+
/// |        payload length         |  next header  |   hop limit   |
/// +-------------------------------+---------------+---------------+
/// |                     source address (16)                       |
/// |                   destination address (16)                    |
/// </code>
/// </summary>
internal static class IPv6Layer
{
    public const ushort EtherType = 0x86DD;
    public const int HeaderLength = 40;
    private const int MaxExtensions = 16;
    private const byte HopByHop = 0;
    private const byte Routing = 43;
    private const byte FragmentHeader = 44;
    private const byte DestinationOptions = 60;
    private const byte Mobility = 135;
    private const byte HostIdentity = 139;
    private const byte Shim6 = 140;

    public static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        ReadOnlySpan<byte> ip = frame[offset..];
        if (ip.Length < HeaderLength || ip[0] >> 4 != 6)
            return PacketRc.Corrupt;
        int payloadLength = BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
        // 0 stands for a jumbogram (RFC 2675) or for segmentation offload.
        if (payloadLength == 0)
            payloadLength = Math.Min(ip.Length - HeaderLength, ushort.MaxValue);
        ReadOnlySpan<byte> payload = ip.Slice(HeaderLength, Math.Min(payloadLength, ip.Length - HeaderLength));
        if (offset >= PacketRecord.None)
            return PacketRc.Corrupt; // offsets have 16 bits
        packet.IpOffset = (ushort)offset;

        byte next = ip[6];
        int at = 0;
        for (
            int extensions = 0;
            next is HopByHop or Routing or FragmentHeader or DestinationOptions or Mobility or HostIdentity or Shim6;
            extensions++
        )
        {
            // | next header (1) | length in 8 bytes, less the first 8 (1) | … |; a fragment header is always 8 long
            if (extensions == MaxExtensions || payload.Length - at < 8)
                return PacketRc.Corrupt;
            if (next == Mobility && payload[at] == NoNextHeader)
                break; // it is the payload
            if (next == FragmentHeader)
            {
                int fragment = BinaryPrimitives.ReadUInt16BigEndian(payload[(at + 2)..]);
                if ((fragment & (FragmentOffset | MoreFragments)) != 0)
                {
                    return ArkimeReadings.AskedFor(context)
                        ? PacketRc.DontProcess
                        : RunFragment(context, ref packet, frame, offset, at, payloadLength);
                }
            }
            int length = next == FragmentHeader ? 8 : 8 + (payload[at + 1] * 8);
            next = payload[at];
            at += length;
            if (at > payload.Length)
                return PacketRc.Corrupt;
        }
        if (offset + HeaderLength + at >= PacketRecord.None)
            return PacketRc.Corrupt; // offsets have 16 bits
        packet.PayloadOffset = (ushort)(offset + HeaderLength + at);
        packet.PayloadLength = (ushort)(payload.Length - at);
        return context.RunIp(next, ref packet, frame, packet.PayloadOffset);
    }

    /// <summary>
    /// <code>
    /// | next header (1) | reserved (1) | offset in 8 bytes (13 bits) | reserved (2 bits) | more (1 bit) | identification (4) |
    /// </code>
    /// </summary>
    private static PacketRc RunFragment(
        EnqueueContext context,
        ref PacketRecord packet,
        ReadOnlySpan<byte> frame,
        int offset,
        int at,
        int payloadLength
    )
    {
        ReadOnlySpan<byte> header = frame.Slice(offset + HeaderLength + at, FragmentHeaderLength);
        int field = BinaryPrimitives.ReadUInt16BigEndian(header[2..]);
        int start = field & FragmentOffset;
        return context.RunFragment(
            new IpFragment
            {
                IpOffset = offset,
                DataOffset = offset + HeaderLength + at + FragmentHeaderLength,
                Start = start,
                End = start + payloadLength - at - FragmentHeaderLength,
                More = (field & MoreFragments) != 0,
                Identification = BinaryPrimitives.ReadUInt32BigEndian(header[4..]),
                Protocol = header[0],
            },
            ref packet,
            frame
        );
    }

    private const byte NoNextHeader = 59;
    private const int FragmentHeaderLength = 8;
    private const int FragmentOffset = 0xFFF8;
    private const int MoreFragments = 1;
}
