using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Data between access points and their controller: CAPWAP (RFC 5415 section 4) and LWAPP (RFC 5412). Control, keep-alives, fragments and what
/// DTLS protects are UDP like any other.
/// <code>
/// CAPWAP | version:4 type:4 | header length in 4 bytes:5 RID:5 WBID:5 T F L W M K reserved:3 | fragment (4) | … | IEEE 802.11, or 802.3 unless T
/// LWAPP  | version:2 radio:3 control:1 fragment:1 last:1 | fragment (1) | length (2) | RSSI (1) | SNR (1) | IEEE 802.11
/// </code>
/// </summary>
internal static class CapwapLayer
{
    private const ushort DataPort = 5247;
    private const ushort LwappPort = 12222;
    private const int LwappHeader = 6;

    public static void Register(IRegistrar registrar)
    {
        registrar.UdpPort(DataPort, Enqueue, eitherSide: true);
        registrar.UdpPort(LwappPort, EnqueueLwapp, eitherSide: true);
    }

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < 8 || frame[offset] != 0)
            return PacketRc.UnknownIp;
        uint word = BinaryPrimitives.ReadUInt32BigEndian(frame[offset..]);
        int header = (int)(word >> 19 & 0x1F) * 4;
        bool native = (word & 0x100) != 0;
        bool fragment = (word & 0x80) != 0;
        bool keepAlive = (word & 0x08) != 0;
        if (fragment || keepAlive || header < 8 || frame.Length - offset <= header)
            return PacketRc.UnknownIp;
        packet.EnterTunnel(Tunnels.Capwap);
        int next = offset + header;
        return native ? RunWlan(context, ref packet, frame, next) : context.RunLink(EthernetLayer.LinkType, ref packet, frame, next);
    }

    private static PacketRc EnqueueLwapp(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        const byte versionControlOrFragment = 0xC6;
        if (frame.Length - offset <= LwappHeader || (frame[offset] & versionControlOrFragment) != 0)
            return PacketRc.UnknownIp;
        packet.EnterTunnel(Tunnels.Capwap);
        return RunWlan(context, ref packet, frame, offset + LwappHeader);
    }

    private static PacketRc RunWlan(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        // Some controllers exchange the two bytes of the frame control: a data frame's type tells.
        bool swapped = frame.Length - offset >= 2 && (frame[offset] & 0x0F) != 0x08 && (frame[offset + 1] & 0x0F) == 0x08;
        PacketRc verdict = WlanLayer.Run(context, ref packet, frame, offset, padded: false, swapped);
        // Management, and what is encrypted, makes no session in the tunnel, but belongs to one of the tunnel.
        return verdict is PacketRc.DontProcess or PacketRc.UnknownEther ? PacketRc.UnknownIp : verdict;
    }
}
