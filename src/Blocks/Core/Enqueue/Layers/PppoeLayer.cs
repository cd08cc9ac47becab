using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// The session stage of PPP over Ethernet (RFC 2516 section 4); discovery makes no session.
/// <code>
/// | version:4 type:4, both 1 | code (1), 0 | session (2) | length (2) | PPP, without framing
/// </code>
/// </summary>
internal static class PppoeLayer
{
    public const ushort EtherType = 0x8864;
    private const int LinkType = 51;
    private const int HeaderLength = 6;

    public static void Register(IRegistrar registrar)
    {
        registrar.Ethernet(EtherType, Enqueue);
        registrar.Link(LinkType, Enqueue);
    }

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        int next = offset + HeaderLength;
        if (frame.Length < next || frame[offset] != 0x11)
            return PacketRc.Corrupt;
        if (frame[offset + 1] != 0)
            return PacketRc.UnknownEther; // discovery
        int length = BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 4)..]);
        packet.EnterTunnel(Tunnels.Pppoe);
        return PppLayer.Run(context, ref packet, frame[..Math.Min(frame.Length, next + length)], next);
    }
}
