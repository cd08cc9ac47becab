using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Geneve (RFC 8926 section 3.4).
/// <code>
/// | version:2 option length in 4 bytes:6 | O C reserved:6 | Ethernet type (2) | VNI (3) | reserved (1) | options | payload
/// </code>
/// </summary>
internal static class GeneveLayer
{
    private const ushort Port = 6081;
    private const int HeaderLength = 8;

    public static void Register(IRegistrar registrar) => registrar.UdpPort(Port, Enqueue);

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset <= HeaderLength || frame[offset] >> 6 != 0 || (frame[offset + 1] & 0x3F) != 0)
            return PacketRc.UnknownIp;
        int next = offset + HeaderLength + (frame[offset] * 4);
        if (next > frame.Length)
            return PacketRc.UnknownIp;
        packet.EnterTunnel(Tunnels.Geneve);
        packet.Vni = BinaryPrimitives.ReadUInt32BigEndian(frame[(offset + 4)..]) >> 8;
        return context.RunEthernet(BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 2)..]), ref packet, frame, next);
    }
}
