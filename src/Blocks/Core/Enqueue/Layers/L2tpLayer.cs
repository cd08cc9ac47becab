using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Data of L2TP: version 2 (RFC 2661) carries PPP; version 3 (RFC 3931) over UDP or IP carries what its control connection agreed, behind a
/// cookie and a sublayer of agreed lengths, so that frame is looked for. Control messages are UDP like any other.
/// <code>
/// v2       | T L . . S . O P …:4 version:4, 2 | length (2), if L | tunnel (2) | session (2) | Ns Nr (4), if S | offset (2) and padding, if O | PPP
/// v3, UDP  | T …:11 version:4, 3 | reserved (2) | session (4) | cookie (0, 4 or 8) | sublayer (0 or 4) | frame
/// v3, IP   | session (4), 0 for control | cookie | sublayer | frame
/// </code>
/// </summary>
internal static class L2tpLayer
{
    private const ushort Port = 1701;
    private const byte IpProtocol = 115;
    private const ushort Control = 0x8000;
    private const ushort HasLength = 0x4000;
    private const ushort HasSequence = 0x0800;
    private const ushort HasOffset = 0x0200;
    private const int GreatestSkip = 12;

    public static void Register(IRegistrar registrar)
    {
        registrar.UdpPort(Port, EnqueueUdp, eitherSide: true);
        registrar.Ip(IpProtocol, EnqueueIp);
    }

    private static PacketRc EnqueueUdp(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        var reader = new PacketReader(frame[offset..]);
        ushort flags = reader.U16();
        if ((flags & Control) != 0)
            return PacketRc.UnknownIp;
        switch (flags & 0xF)
        {
            case 2:
                if ((flags & HasLength) != 0 && reader.U16() > frame.Length - offset)
                    return PacketRc.UnknownIp;
                reader.Skip(4);
                if ((flags & HasSequence) != 0)
                    reader.Skip(4);
                if ((flags & HasOffset) != 0)
                    reader.Skip(reader.U16());
                if (reader.Failed || reader.Remaining == 0)
                    return PacketRc.UnknownIp;
                packet.EnterTunnel(Tunnels.L2tp | Tunnels.Ppp);
                PacketRc verdict = PppLayer.Run(context, ref packet, frame, frame.Length - reader.Remaining);
                // What sets the link up is no session in the tunnel, but one of the tunnel.
                return verdict == PacketRc.UnknownEther ? PacketRc.UnknownIp : verdict;
            case 3:
                return Find(context, ref packet, frame, offset + 8);
            default:
                return PacketRc.UnknownIp;
        }
    }

    private static PacketRc EnqueueIp(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < 4)
            return PacketRc.Corrupt;
        bool control = frame.Slice(offset, 4).IndexOfAnyExcept((byte)0) < 0;
        return control ? PacketRc.UnknownIp : Find(context, ref packet, frame, offset + 4);
    }

    private static PacketRc Find(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        for (int skip = 0; skip <= GreatestSkip; skip += 4)
        {
            if (!EthernetLayer.LooksRight(frame, offset + skip))
                continue;
            packet.EnterTunnel(Tunnels.L2tp);
            return context.RunLink(EthernetLayer.LinkType, ref packet, frame, offset + skip);
        }
        return PacketRc.UnknownIp;
    }
}
