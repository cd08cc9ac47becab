using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// User data of GTP, version 1 (3GPP TS 29.281 section 5). Its signalling is UDP like any other.
/// <code>
/// | version:3 PT:1 0 E S PN | type (1), FF | length (2) | TEID (4) | sequence (2) N-PDU (1) next extension (1), if E, S or PN
/// { extension length in 4 bytes (1) | … | next extension (1) } … | IP
/// </code>
/// </summary>
internal static class GtpLayer
{
    private const ushort Port = 2152;
    private const byte UserData = 0xFF;
    private const byte VersionAndType = 0xF0;
    private const byte Version1 = 0x30;
    private const byte AnyOption = 0x07;
    private const int MaxExtensions = 16;

    public static void Register(IRegistrar registrar) => registrar.UdpPort(Port, Enqueue, eitherSide: true);

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        var reader = new PacketReader(frame[offset..]);
        byte flags = reader.U8();
        byte type = reader.U8();
        int length = reader.U16();
        reader.Skip(4);
        if (reader.Failed || (flags & VersionAndType) != Version1 || type != UserData || length != reader.Remaining)
            return PacketRc.UnknownIp;
        if ((flags & AnyOption) != 0)
        {
            reader.Skip(3);
            byte extension = reader.U8();
            for (int count = 0; extension != 0; count++)
            {
                int eights = reader.U8();
                if (eights == 0 || count == MaxExtensions)
                    return PacketRc.UnknownIp;
                reader.Skip((eights * 4) - 2);
                extension = reader.U8();
            }
        }
        int next = frame.Length - reader.Remaining;
        // User data that is no IP (Ethernet and unstructured PDU sessions of 5G) is UDP's.
        if (reader.Failed || !RawLayers.LooksRight(frame, next))
            return PacketRc.UnknownIp;
        packet.EnterTunnel(Tunnels.Gtp);
        return RawLayers.Run(context, ref packet, frame, next);
    }
}
