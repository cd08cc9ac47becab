using System.Buffers.Binary;

namespace FlowPipe.Pipeline.Extracting;

/// <summary>
/// Writes pcapng (draft-ietf-opsawg-pcapng), one interface a link type, stamps in nanoseconds. All numbers little-endian; each block ends with
/// its length once more.
/// <code>
///  section header        interface description      enhanced packet
///   0  type 0a0d0d0a      0  type 1                   0  type 6
///   4  length 28          4  length 32                4  length
///   8  1a2b3c4d           8  link type (2), 0 (2)     8  interface
///  12  1.0               12  snap length 0: none     12  time, high word; 16 low word
///  16  length unknown    16  if_tsresol(9)=9         20  captured; 24 on the wire
///                        24  end of options          28  frame, filled up to 4 bytes
/// </code>
/// </summary>
internal sealed class PcapngWriter : ICaptureWriter
{
    private const int PacketOverhead = 32;
    private const ushort TimeResolution = 9; // if_tsresol, and its value: 10^-9

    private readonly Stream _output;
    private readonly IReadOnlyList<ushort> _linkTypes;

    public PcapngWriter(Stream output, IReadOnlyList<ushort> linkTypes)
    {
        _output = output;
        _linkTypes = linkTypes;
        Span<byte> section = stackalloc byte[28];
        BinaryPrimitives.WriteUInt32LittleEndian(section, 0x0A0D0D0A);
        BinaryPrimitives.WriteUInt32LittleEndian(section[4..], 28);
        BinaryPrimitives.WriteUInt32LittleEndian(section[8..], 0x1A2B3C4D);
        BinaryPrimitives.WriteUInt32LittleEndian(section[12..], 1);
        BinaryPrimitives.WriteInt64LittleEndian(section[16..], -1);
        BinaryPrimitives.WriteUInt32LittleEndian(section[24..], 28);
        output.Write(section);
        foreach (ushort linkType in linkTypes)
            WriteInterface(linkType);
    }

    public void Write(in PacketHead head, ReadOnlySpan<byte> frame)
    {
        int filling = -frame.Length & 3;
        int length = PacketOverhead + frame.Length + filling;
        Span<byte> block = stackalloc byte[28];
        BinaryPrimitives.WriteUInt32LittleEndian(block, 6);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], length);
        BinaryPrimitives.WriteInt32LittleEndian(block[8..], InterfaceOf(head.LinkType));
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], (uint)(head.TimestampNs >> 32));
        BinaryPrimitives.WriteUInt32LittleEndian(block[16..], (uint)head.TimestampNs);
        BinaryPrimitives.WriteInt32LittleEndian(block[20..], frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(block[24..], head.OriginalLength);
        _output.Write(block);
        _output.Write(frame);
        Span<byte> end = stackalloc byte[7];
        end.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(end[filling..], length);
        _output.Write(end[..(filling + 4)]);
    }

    private int InterfaceOf(ushort linkType)
    {
        for (int i = 0; i < _linkTypes.Count; i++)
            if (_linkTypes[i] == linkType)
                return i;
        throw new InvalidOperationException($"link type {linkType} was not announced");
    }

    private void WriteInterface(ushort linkType)
    {
        Span<byte> block = stackalloc byte[32];
        block.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(block, 1);
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], 32);
        BinaryPrimitives.WriteUInt16LittleEndian(block[8..], linkType);
        BinaryPrimitives.WriteUInt16LittleEndian(block[16..], TimeResolution);
        BinaryPrimitives.WriteUInt16LittleEndian(block[18..], 1);
        block[20] = (byte)TimeResolution;
        BinaryPrimitives.WriteUInt32LittleEndian(block[28..], 32);
        _output.Write(block);
    }
}
