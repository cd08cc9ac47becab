using System.Buffers.Binary;

namespace FlowPipe.Pipeline.Extracting;

/// <summary>
/// Writes the classic format with stamps in nanoseconds, which tcpdump, tshark and Arkime read. All numbers little-endian.
/// <code>
///  file header, 24 bytes                     record header, 16 bytes, then the frame
///   0  magic a1b23c4d                         0  seconds since 1970, unsigned
///   4  major 2   6  minor 4                   4  nanoseconds
///   8  0 (8 bytes)                            8  captured length
///  16  snap length                           12  length on the wire
///  20  link type
/// </code>
/// </summary>
internal sealed class PcapWriter : ICaptureWriter
{
    private const uint NanosecondMagic = 0xA1B23C4D;
    private const int SnapLength = 262_144; // libpcap's own limit
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly Stream _output;

    public PcapWriter(Stream output, ushort linkType)
    {
        _output = output;
        Span<byte> header = stackalloc byte[24];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, NanosecondMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], SnapLength);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], linkType);
        output.Write(header);
    }

    public void Write(in PacketHead head, ReadOnlySpan<byte> frame)
    {
        Span<byte> header = stackalloc byte[16];
        (long seconds, long nanoseconds) = Math.DivRem(head.TimestampNs, NanosecondsPerSecond);
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)nanoseconds);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], head.OriginalLength);
        _output.Write(header);
        _output.Write(frame);
    }
}
