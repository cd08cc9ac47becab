using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Link types that carry IP without a link layer, or behind a header that says no more than that: LINKTYPE_RAW, _IPV4, _IPV6; loopbacks
/// (_NULL, _LOOP); SLIP; OpenBSD's pflog and enc; Solaris' ipnet.
/// <code>
/// NULL   | address family (4), order of the capturing machine | IP         LOOP: in network order
/// SLIP   | direction (1) | compression (1) and header (14) | IP            SLIP_BSDOS: 24 bytes
/// PFLOG  | header length, padding not counted (1) | … | padding to 4 | IP
/// ENC    | address family (4) | SPI (4) | flags (4) | IP
/// IPNET  | version (1) | family (1) | … 22 | IP
/// </code>
/// </summary>
internal static class RawLayers
{
    public const int Null = 0;
    public const int Raw = 101;
    public const int Loop = 108;
    public const int IPv4 = 228;
    public const int IPv6 = 229;
    private const int Slip = 8;
    private const int SlipBsdOs = 102;
    private const int Enc = 109;
    private const int PfLog = 117;
    private const int IpNet = 226;
    private const byte CompressedTcp = 0x80;

    public static void Register(IRegistrar registrar)
    {
        registrar.Link(Raw, Run);
        registrar.Link(IPv4, Run);
        registrar.Link(IPv6, Run);
        registrar.Link(Null, EnqueueLoopback);
        registrar.Link(Loop, EnqueueLoopback);
        registrar.Link(Slip, EnqueueSlip);
        registrar.Link(SlipBsdOs, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset + 24));
        registrar.Link(Enc, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset + 12));
        registrar.Link(PfLog, EnqueuePfLog);
        registrar.Link(IpNet, (context, ref packet, frame, offset) => Run(context, ref packet, frame, offset + 24));
    }

    /// <summary>Passes on IP of the version that its first four bits name.</summary>
    public static PacketRc Run(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (offset >= frame.Length)
            return PacketRc.Corrupt;
        return (frame[offset] >> 4) switch
        {
            4 => context.RunEthernet(IPv4Layer.EtherType, ref packet, frame, offset),
            6 => context.RunEthernet(IPv6Layer.EtherType, ref packet, frame, offset),
            _ => PacketRc.Corrupt,
        };
    }

    /// <summary>Whether an IP packet begins here that ends where the frame does or before: for what must be guessed.</summary>
    public static bool LooksRight(ReadOnlySpan<byte> frame, int offset)
    {
        if (offset >= frame.Length)
            return false;
        ReadOnlySpan<byte> ip = frame[offset..];
        switch (ip[0] >> 4)
        {
            case 4 when ip.Length >= IPv4Layer.MinimumLength:
                int header = (ip[0] & 0xF) * 4;
                int total = BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
                return header >= IPv4Layer.MinimumLength && (total >= header || total == 0);
            case 6:
                return ip.Length >= IPv6Layer.HeaderLength;
            default:
                return false;
        }
    }

    /// <summary>
    /// BSD loopback: four bytes of address family in the byte order of the machine that captured (NULL) or of the network (LOOP). AF_INET
    /// is 2 everywhere; AF_INET6 is 24, 28 or 30, and 10 on Linux.
    /// </summary>
    private static PacketRc EnqueueLoopback(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length - offset < 4)
            return PacketRc.Corrupt;
        uint family = BinaryPrimitives.ReadUInt32BigEndian(frame[offset..]);
        if (family > 0xFFFF)
            family = BinaryPrimitives.ReverseEndianness(family);
        return family switch
        {
            2 => context.RunEthernet(IPv4Layer.EtherType, ref packet, frame, offset + 4),
            10 or 24 or 28 or 30 => context.RunEthernet(IPv6Layer.EtherType, ref packet, frame, offset + 4),
            // Some systems have an Ethernet type in the last two bytes.
            _ => BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 2)..]) is IPv4Layer.EtherType or IPv6Layer.EtherType
                ? Run(context, ref packet, frame, offset + 4)
                : PacketRc.UnknownLink,
        };
    }

    private static PacketRc EnqueueSlip(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        const int header = 16;
        if (frame.Length - offset <= header)
            return PacketRc.Corrupt;
        // Headers that RFC 1144 compressed can't be told without all the packets before.
        if ((frame[offset + 1] & CompressedTcp) != 0)
            return PacketRc.DontProcess;
        return Run(context, ref packet, frame, offset + header);
    }

    private static PacketRc EnqueuePfLog(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
        offset < frame.Length ? Run(context, ref packet, frame, offset + ((frame[offset] + 3) & ~3)) : PacketRc.Corrupt;
}
