using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Frame relay (ITU-T Q.922) with RFC 2427's or Cisco's encapsulation, also in GRE (0x6559).
/// <code>
/// | address (2 to 4), the last byte odd | 03 | padding 00 | NLPID (1) | payload
/// | address | Ethernet type (2) | payload
/// </code>
/// </summary>
internal static class FrameRelayLayer
{
    private const int LinkType = 107;
    private const int WithDirection = 206;
    private const ushort EtherType = 0x6559;
    private const int MaxAddress = 4;
    private const byte Unnumbered = 0x03;

    public static void Register(IRegistrar registrar)
    {
        registrar.Link(LinkType, Enqueue);
        registrar.Link(WithDirection, (context, ref packet, frame, offset) => Enqueue(context, ref packet, frame, offset + 1));
        registrar.Ethernet(EtherType, Enqueue);
    }

    public static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        int next = offset;
        do
        {
            if (next - offset == MaxAddress || next >= frame.Length)
                return PacketRc.Corrupt;
        } while ((frame[next++] & 1) == 0);
        if (frame.Length - next < 2)
            return PacketRc.Corrupt;
        return frame[next] == Unnumbered
            ? NlpidLayer.Run(context, ref packet, frame, next + 1)
            : context.RunEthernet(BinaryPrimitives.ReadUInt16BigEndian(frame[next..]), ref packet, frame, next + 2);
    }
}
