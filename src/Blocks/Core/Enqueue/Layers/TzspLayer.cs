using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// TaZmen Sniffer Protocol: frames that a remote sniffer sends on.
/// <code>
/// | version (1), 1 | type (1), 0 received, 1 to send | link type (2) | { tag (1) | length (1) | value } … | 01 | frame
/// </code>
/// </summary>
internal static class TzspLayer
{
    private const ushort Port = 37008;
    private const byte Padding = 0;
    private const byte End = 1;
    private const int MaxTags = 64;

    public static void Register(IRegistrar registrar) => registrar.UdpPort(Port, Enqueue);

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        var reader = new PacketReader(frame[offset..]);
        byte version = reader.U8();
        byte type = reader.U8();
        int linkType = reader.U16() switch
        {
            1 => EthernetLayer.LinkType,
            18 => WlanLayer.LinkType,
            119 or 127 => WlanLayer.Prism, // with Prism's or AVS' header
            _ => -1,
        };
        bool ended = false;
        for (int count = 0; count < MaxTags && !ended && !reader.Failed; count++)
        {
            byte tag = reader.U8();
            ended = tag == End;
            if (tag is not (Padding or End))
                reader.Skip(reader.U8());
        }
        if (reader.Failed || !ended || version != 1 || type > 1 || linkType < 0)
            return PacketRc.UnknownIp;
        packet.EnterTunnel(Tunnels.Tzsp);
        return context.RunLink(linkType, ref packet, frame, frame.Length - reader.Remaining);
    }
}
