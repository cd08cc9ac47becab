using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Teredo (RFC 4380 section 5.1.1): IPv6, perhaps behind indications.
/// <code>
/// | 0001 | length of client id (1) | length of authentication (1) | both | nonce (8) | confirmation (1) |
/// | 0000 | obscured port (2) | obscured address (4) | IPv6
/// </code>
/// </summary>
internal static class TeredoLayer
{
    private const ushort Port = 3544;
    private const ushort Authentication = 1;
    private const ushort Origin = 0;

    public static void Register(IRegistrar registrar) => registrar.UdpPort(Port, Enqueue, eitherSide: true);

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        var reader = new PacketReader(frame[offset..]);
        if (Next(in reader) == Authentication)
        {
            reader.Skip(2);
            int client = reader.U8();
            int value = reader.U8();
            reader.Skip(client + value + 9);
        }
        if (Next(in reader) == Origin)
            reader.Skip(8);
        int next = frame.Length - reader.Remaining;
        // Nothing marks it but that the packet is as long as it says (trailers may follow, RFC 6081).
        if (reader.Remaining < IPv6Layer.HeaderLength || frame[next] >> 4 != 6)
            return PacketRc.UnknownIp;
        if (BinaryPrimitives.ReadUInt16BigEndian(frame[(next + 4)..]) > reader.Remaining - IPv6Layer.HeaderLength)
            return PacketRc.UnknownIp;
        packet.EnterTunnel(Tunnels.Teredo);
        return context.RunEthernet(IPv6Layer.EtherType, ref packet, frame, next);
    }

    private static int Next(in PacketReader reader) => reader.Remaining < 2 ? -1 : BinaryPrimitives.ReadUInt16BigEndian(reader.Rest);
}
