using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Core.Reading;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// Headers that captures put before frames of some other link type: PPI, PKTAP, NFLOG.
/// <code>
/// PPI    | version (1), 0 | flags (1) | length (2) | link type (4) | fields …, all little-endian
/// PKTAP  | length (4) | next (4) | link type (4) | …, all little-endian
/// NFLOG  | family (1) | version (1), 0 | resource (2) | { length (2), type (2), value, padding to 4 } …, little-endian; type 9 is the packet
/// </code>
/// </summary>
internal static class MetaLinks
{
    private const int UserTwo = 149; // what PKTAP had before it got a number of its own
    private const int Ppi = 192;
    private const int NfLog = 239;
    private const int PkTap = 258;
    private const int NfLogPayload = 9;
    private const int MaxAttributes = 64;

    public static void Register(IRegistrar registrar)
    {
        registrar.Link(Ppi, EnqueuePpi);
        registrar.Link(PkTap, EnqueuePkTap);
        registrar.Link(UserTwo, EnqueuePkTap);
        registrar.Link(NfLog, EnqueueNfLog);
    }

    private static PacketRc EnqueuePpi(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        const int shortest = 8;
        if (frame.Length - offset < shortest || frame[offset] != 0)
            return PacketRc.Corrupt;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(frame[(offset + 2)..]);
        uint linkType = BinaryPrimitives.ReadUInt32LittleEndian(frame[(offset + 4)..]);
        return length < shortest ? PacketRc.Corrupt : Run(context, ref packet, frame, offset, (uint)length, linkType);
    }

    private static PacketRc EnqueuePkTap(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        const int shortest = 12;
        if (frame.Length - offset < shortest)
            return PacketRc.Corrupt;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(frame[offset..]);
        uint linkType = BinaryPrimitives.ReadUInt32LittleEndian(frame[(offset + 8)..]);
        return length < shortest ? PacketRc.Corrupt : Run(context, ref packet, frame, offset, length, linkType);
    }

    private static PacketRc Run(
        EnqueueContext context,
        ref PacketRecord packet,
        ReadOnlySpan<byte> frame,
        int offset,
        uint length,
        uint linkType
    )
    {
        if (length > frame.Length - offset)
            return PacketRc.Corrupt;
        if (linkType > ushort.MaxValue)
            return PacketRc.UnknownLink;
        return context.RunLink(LinkTypes.Canonical((ushort)linkType), ref packet, frame, offset + (int)length);
    }

    private static PacketRc EnqueueNfLog(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        const int header = 4;
        if (frame.Length - offset < header || frame[offset + 1] != 0)
            return PacketRc.Corrupt;
        int at = offset + header;
        for (int attribute = 0; attribute < MaxAttributes && frame.Length - at >= 4; attribute++)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(frame[at..]);
            int type = BinaryPrimitives.ReadUInt16LittleEndian(frame[(at + 2)..]);
            if (length < 4 || length > frame.Length - at)
                return PacketRc.Corrupt;
            if (type == NfLogPayload)
                return RawLayers.Run(context, ref packet, frame[..(at + length)], at + 4);
            at += (length + 3) & ~3;
        }
        return PacketRc.UnknownLink; // no packet in it
    }
}
