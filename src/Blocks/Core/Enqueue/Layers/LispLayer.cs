using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// LISP's data (RFC 9300 section 5), and AYIYA (draft-massar-v6ops-ayiya), by which tunnel brokers carried IPv6.
/// <code>
/// LISP   | N L E V I flags:3 | nonce or versions (3) | instance and locator bits (4) | IP
/// AYIYA  | log of identity length:4 type:4 | signature length in 4 bytes:4 hash:4 | authentication:4 operation:4 | next header (1)
///        | time (4) | identity | signature | IP
/// </code>
/// </summary>
internal static class LispLayer
{
    private const ushort LispPort = 4341;
    private const ushort AyiyaPort = 5072;
    private const int LispHeader = 8;
    private const byte Forward = 1;

    public static void RegisterLisp(IRegistrar registrar) => registrar.UdpPort(LispPort, EnqueueLisp);

    public static void RegisterAyiya(IRegistrar registrar) => registrar.UdpPort(AyiyaPort, EnqueueAyiya, eitherSide: true);

    private static PacketRc EnqueueLisp(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
        Run(context, ref packet, frame, offset + LispHeader, Tunnels.Lisp);

    private static PacketRc EnqueueAyiya(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        var reader = new PacketReader(frame[offset..]);
        int identity = 1 << (reader.U8() >> 4);
        int signature = (reader.U8() >> 4) * 4;
        int operation = reader.U8() & 0xF;
        byte next = reader.U8();
        reader.Skip(4 + identity + signature);
        return reader.Failed || operation != Forward || next is not (4 or 41)
            ? PacketRc.UnknownIp
            : Run(context, ref packet, frame, frame.Length - reader.Remaining, Tunnels.Ayiya);
    }

    private static PacketRc Run(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset, Tunnels kind)
    {
        if (!RawLayers.LooksRight(frame, offset))
            return PacketRc.UnknownIp;
        packet.EnterTunnel(kind);
        return RawLayers.Run(context, ref packet, frame, offset);
    }
}
