using System.Buffers.Binary;

namespace FlowPipe.Core.Writing;

/// <summary>
/// The classic capture format with stamps in nanoseconds, which tcpdump, tshark and Arkime read. All numbers little-endian.
/// <code>
///  file header, 24 bytes                     record header, 16 bytes, then the frame
///   0  magic a1b23c4d                         0  seconds since 1970, unsigned
///   4  major 2   6  minor 4                   4  nanoseconds
///   8  0 (8 bytes)                            8  captured length
///  16  snap length                           12  length on the wire
///  20  link type
/// </code>
/// </summary>
public static class PcapLayout
{
    /// <summary>Bytes of the header of a file.</summary>
    public const int FileHeaderLength = 24;

    /// <summary>Bytes before each frame.</summary>
    public const int RecordHeaderLength = 16;

    private const uint NanosecondMagic = 0xA1B23C4D;
    private const int SnapLength = 262_144; // libpcap's own limit
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Writes the header of a file.</summary>
    public static void WriteFileHeader(Span<byte> header, ushort linkType)
    {
        header[..FileHeaderLength].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, NanosecondMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], SnapLength);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], linkType);
    }

    /// <summary>Writes the header of a frame. A time before 1970 or after 2106, which the format can't say, comes out 136 years off.</summary>
    public static void WriteRecordHeader(Span<byte> header, long timestampNs, int captured, int original)
    {
        (long seconds, long nanoseconds) = Math.DivRem(timestampNs, NanosecondsPerSecond);
        if (nanoseconds < 0)
            (seconds, nanoseconds) = (seconds - 1, nanoseconds + NanosecondsPerSecond);
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)nanoseconds);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], captured);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], original);
    }
}
