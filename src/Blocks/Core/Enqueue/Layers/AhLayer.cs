using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// IP's authentication header (RFC 4302), looked through: what it protects is in the clear.
/// <code>
/// | next header (1) | length in 4 bytes, less 2 (1) | reserved (2) | SPI (4) | sequence (4) | check value … | payload
/// </code>
/// </summary>
internal static class AhLayer
{
    private const byte IpProtocol = 51;

    public static void Register(IRegistrar registrar) => registrar.Ip(IpProtocol, Enqueue);

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < 2)
            return PacketRc.Corrupt;
        int length = (frame[offset + 1] + 2) * 4;
        if (length >= packet.PayloadLength || offset + length >= PacketRecord.None)
            return PacketRc.Corrupt;
        packet.PayloadOffset = (ushort)(offset + length);
        packet.PayloadLength -= (ushort)length;
        return context.RunIp(frame[offset], ref packet, frame, offset + length);
    }
}
