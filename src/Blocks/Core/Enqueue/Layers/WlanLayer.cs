using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// IEEE 802.11 data frames, and the headers that captures put before them: radiotap, Prism, AVS. What manages the network or is encrypted makes
/// no session. Of an aggregate (A-MSDU) the first frame stands for all: a packet belongs to one session.
/// <code>
/// | frame control (2, little-endian) | duration (2) | address 1, 2, 3 (18) | sequence (2)
/// | address 4 (6), between two access points | QoS (2), subtype 8 | HT (4), QoS and order | LLC, or for an A-MSDU: DA (6) SA (6) length (2) LLC
///
/// radiotap | version (1) | padding (1) | length (2, little-endian) | present (4, little-endian) … | fields
/// Prism    | message (4) | length (4) of the capturing machine's order | …      AVS | 80 21 10 xx | length (4) | …
/// </code>
/// </summary>
internal static class WlanLayer
{
    public const int LinkType = 105;
    public const int Prism = 119;
    public const int Radiotap = 127;
    private const int Avs = 163;
    private const int HeaderLength = 24;
    private const byte DataType = 0x08;
    private const byte TypeMask = 0x0F; // with the version, which is 0
    private const byte NoData = 0x40;
    private const byte QosData = 0x80;
    private const byte BothDs = 0x03;
    private const byte Protected = 0x40;
    private const byte Order = 0x80;
    private const byte Aggregate = 0x80;

    public static void Register(IRegistrar registrar)
    {
        registrar.Link(LinkType, Enqueue);
        registrar.Link(Radiotap, EnqueueRadiotap);
        registrar.Link(Prism, EnqueuePrism);
        registrar.Link(Avs, EnqueuePrism);
    }

    public static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
        Run(context, ref packet, frame, offset, padded: false, swapped: false);

    /// <summary>Passes on what a data frame carries.</summary>
    /// <param name="context">Passes on.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="offset">Where the frame control is.</param>
    /// <param name="padded">Whether the header is padded to four bytes, as radiotap says of some drivers.</param>
    /// <param name="swapped">Whether the two bytes of the frame control are exchanged, as some controllers' tunnels have them.</param>
    public static PacketRc Run(
        EnqueueContext context,
        ref PacketRecord packet,
        ReadOnlySpan<byte> frame,
        int offset,
        bool padded,
        bool swapped
    )
    {
        if (frame.Length - offset < 2)
            return PacketRc.Corrupt;
        byte type = frame[offset + (swapped ? 1 : 0)];
        byte flags = frame[offset + (swapped ? 0 : 1)];
        if ((type & TypeMask) != DataType || (type & NoData) != 0 || (flags & Protected) != 0)
            return PacketRc.DontProcess;
        int header = HeaderLength + ((flags & BothDs) == BothDs ? 6 : 0);
        bool aggregate = false;
        if ((type & QosData) != 0)
        {
            if (frame.Length - offset < header + 2)
                return PacketRc.Corrupt;
            aggregate = (frame[offset + header] & Aggregate) != 0;
            header += (flags & Order) != 0 ? 6 : 2;
        }
        if (padded)
            header = (header + 3) & ~3;
        if (aggregate)
            header += EthernetLayer.HeaderLength; // of the first frame in it
        return context.RunLlc(ref packet, frame, offset + header);
    }

    private static PacketRc EnqueueRadiotap(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        const int fixedLength = 8;
        const uint timestampPresent = 1;
        const uint flagsPresent = 2;
        const uint morePresent = 1u << 31;
        const byte dataPadded = 0x20;
        if (frame.Length - offset < fixedLength || frame[offset] != 0)
            return PacketRc.Corrupt;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(frame[(offset + 2)..]);
        if (length < fixedLength || frame.Length - offset < length)
            return PacketRc.Corrupt;
        uint present = BinaryPrimitives.ReadUInt32LittleEndian(frame[(offset + 4)..]);
        int at = fixedLength;
        for (uint more = present; (more & morePresent) != 0; at += 4)
        {
            if (at + 4 > length)
                return PacketRc.Corrupt;
            more = BinaryPrimitives.ReadUInt32LittleEndian(frame[(offset + at)..]);
        }
        if ((present & timestampPresent) != 0)
            at = ((at + 7) & ~7) + 8; // eight bytes, aligned
        bool padded = (present & flagsPresent) != 0 && at < length && (frame[offset + at] & dataPadded) != 0;
        return Run(context, ref packet, frame, offset + length, padded, swapped: false);
    }

    private static PacketRc EnqueuePrism(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        const int shortest = 8;
        if (frame.Length - offset < shortest)
            return PacketRc.Corrupt;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(frame[(offset + 4)..]);
        if (length > ushort.MaxValue)
            length = BinaryPrimitives.ReverseEndianness(length);
        if (length < shortest || length > frame.Length - offset)
            return PacketRc.Corrupt;
        return context.RunLink(LinkType, ref packet, frame, offset + (int)length);
    }
}
