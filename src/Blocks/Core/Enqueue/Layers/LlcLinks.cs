using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Link types whose frames go on with an LLC header: FDDI, token ring, RFC 1483's ATM, SunATM, IP over Fibre Channel.
/// <code>
/// FDDI        | frame control (1) | destination (6) | source (6) | LLC
/// token ring  | access control (1) | frame control (1) | destination (6) | source (6) | route, if the source's first bit is set | LLC
/// ATM         | LLC
/// SunATM      | direction:1 …:3 type:4 | VPI (1) | VCI (2) | LLC, or emulated Ethernet behind two bytes
/// IP over FC  | destination (8) | source (8) | LLC
/// </code>
/// </summary>
internal static class LlcLinks
{
    private const int TokenRing = 6;
    private const int Fddi = 10;
    private const int AtmRfc1483 = 100;
    private const int AtmClip = 106;
    private const int IpOverFibreChannel = 122;
    private const int SunAtm = 123;
    private const int Routed = 0x80;

    public static void Register(IRegistrar registrar)
    {
        registrar.Link(Fddi, EnqueueFddi);
        registrar.Link(TokenRing, EnqueueTokenRing);
        registrar.Link(AtmRfc1483, EnqueueAtm);
        registrar.Link(AtmClip, EnqueueAtm);
        registrar.Link(SunAtm, EnqueueSunAtm);
        registrar.Link(IpOverFibreChannel, (context, ref packet, frame, offset) => context.RunLlc(ref packet, frame, offset + 16));
    }

    private static PacketRc EnqueueFddi(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        const int header = 13;
        if (frame.Length - offset < header)
            return PacketRc.Corrupt;
        // Frames of the ring itself (tokens, claims, station management) carry nothing.
        return (frame[offset] & 0xF0) == 0x50 ? context.RunLlc(ref packet, frame, offset + header) : PacketRc.DontProcess;
    }

    private static PacketRc EnqueueTokenRing(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        const int header = 14;
        const int sourceAt = 8;
        int next = offset + header;
        if (frame.Length < next)
            return PacketRc.Corrupt;
        if (frame[offset + 1] >> 6 != 1)
            return PacketRc.DontProcess; // a frame of the ring itself
        if ((frame[offset + sourceAt] & Routed) != 0)
        {
            // | type:3 length:5, these two bytes included | … |
            if (frame.Length == next)
                return PacketRc.Corrupt;
            next += frame[next] & 0x1F;
        }
        return context.RunLlc(ref packet, frame, next);
    }

    private static PacketRc EnqueueAtm(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
        // Virtual circuits that carry nothing but IP leave the header out (RFC 2684 section 6).
        RawLayers.LooksRight(frame, offset)
            ? RawLayers.Run(context, ref packet, frame, offset)
            : context.RunLlc(ref packet, frame, offset);

    private static PacketRc EnqueueSunAtm(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        const int header = 4;
        if (frame.Length - offset < header)
            return PacketRc.Corrupt;
        return (frame[offset] & 0xF) switch
        {
            1 => context.RunLink(EthernetLayer.LinkType, ref packet, frame, offset + header + 2),
            2 => context.RunLlc(ref packet, frame, offset + header),
            5 or 6 => PacketRc.DontProcess, // ILMI, signalling
            _ => PacketRc.UnknownLink,
        };
    }
}
