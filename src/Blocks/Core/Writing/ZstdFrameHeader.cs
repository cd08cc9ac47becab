using System.Buffers.Binary;

namespace FlowPipe.Core.Writing;

/// <summary>
/// What a frame of Zstandard says of itself (RFC 8878 section 3.1.1.1). All numbers little-endian.
/// <code>
///  0  FD2FB528
///  4  descriptor: size flag (bits 7, 6)   single segment (5)   checksum (2)   dictionary flag (1, 0)
///  5  window (1, unless single segment)   dictionary (0, 1, 2 or 4)   bytes decompressed (0 or 1, 2, 4 or 8)
/// </code>
/// </summary>
internal static class ZstdFrameHeader
{
    /// <summary>The longest header's bytes.</summary>
    public const int LongestLength = 18;

    private const int SingleSegment = 0x20;
    private const int DescriptorAt = 4;
    private const int ShortestTwoByteSize = 256;

    /// <summary>Bytes that a frame becomes.</summary>
    /// <param name="frame">Its beginning.</param>
    /// <returns>-1 when it does not say so, or is none.</returns>
    public static long ReadDecompressedSize(ReadOnlySpan<byte> frame)
    {
        if (frame.Length <= DescriptorAt || BinaryPrimitives.ReadUInt32LittleEndian(frame) != ZstdSeekTable.ZstdMagic)
            return -1;
        byte descriptor = frame[DescriptorAt];
        bool isSingle = (descriptor & SingleSegment) != 0;
        int dictionary = (descriptor & 3) switch
        {
            3 => 4,
            var bytes => bytes,
        };
        int at = DescriptorAt + 1 + (isSingle ? 0 : 1) + dictionary;
        int length = (descriptor >> 6) switch
        {
            0 => isSingle ? 1 : 0,
            var flag => 1 << flag,
        };
        if (length == 0 || frame.Length < at + length)
            return -1;
        ReadOnlySpan<byte> size = frame.Slice(at, length);
        return length switch
        {
            1 => size[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(size) + ShortestTwoByteSize,
            4 => BinaryPrimitives.ReadUInt32LittleEndian(size),
            _ => BinaryPrimitives.ReadInt64LittleEndian(size),
        };
    }
}
