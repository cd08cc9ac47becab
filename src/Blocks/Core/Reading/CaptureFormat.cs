using System.Buffers.Binary;

namespace FlowPipe.Core.Reading;

/// <summary>What a source's first bytes say that it is.</summary>
internal enum CaptureFormat
{
    Unknown,
    PcapMicroseconds,
    PcapMicrosecondsBig,
    PcapNanoseconds,
    PcapNanosecondsBig,
    PcapModified,
    PcapModifiedBig,
    Pcapng,
    Snoop,
    Gzip,
    Zstandard,
    Lz4,
    Xz,
}

/// <summary>Recognises captures and compressions by content.</summary>
internal static class CaptureFormats
{
    /// <summary>Bytes that suffice to tell.</summary>
    public const int MagicBytes = 6;

    /// <summary>What these first bytes begin.</summary>
    public static CaptureFormat Recognise(ReadOnlySpan<byte> first)
    {
        if (first is [0x1F, 0x8B, ..])
            return CaptureFormat.Gzip;
        if (first is [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0x00, ..])
            return CaptureFormat.Xz;
        if (first.StartsWith("snoop\0"u8))
            return CaptureFormat.Snoop;
        if (first.Length < 4)
            return CaptureFormat.Unknown;
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(first);
        return magic switch
        {
            0xA1B2C3D4 => CaptureFormat.PcapMicroseconds,
            0xD4C3B2A1 => CaptureFormat.PcapMicrosecondsBig,
            0xA1B23C4D => CaptureFormat.PcapNanoseconds,
            0x4D3CB2A1 => CaptureFormat.PcapNanosecondsBig,
            0xA1B2CD34 => CaptureFormat.PcapModified,
            0x34CDB2A1 => CaptureFormat.PcapModifiedBig,
            PcapngScanner.SectionHeader => CaptureFormat.Pcapng,
            0xFD2FB528 => CaptureFormat.Zstandard,
            0x184D2204 => CaptureFormat.Lz4,
            >= 0x184D2A50 and <= 0x184D2A5F => CaptureFormat.Zstandard, // a skippable frame, which is how pzstd begins
            _ => CaptureFormat.Unknown,
        };
    }

    /// <summary>Whether it is a compression of something else.</summary>
    public static bool IsCompressed(this CaptureFormat format) =>
        format is CaptureFormat.Gzip or CaptureFormat.Zstandard or CaptureFormat.Lz4 or CaptureFormat.Xz;
}
