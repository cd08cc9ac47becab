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
                if ((fragment & 0xFFF9) != 0)
                    return PacketRc.Fragment;
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

    private const byte NoNextHeader = 59;
}
