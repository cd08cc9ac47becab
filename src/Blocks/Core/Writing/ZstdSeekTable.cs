using System.Buffers.Binary;

namespace FlowPipe.Core.Writing;

/// <summary>
/// What lets one packet be read of a compressed file without the rest: the sizes of its frames, in a frame behind them that decompressors skip
/// (Zstandard Seekable Format 0.1.0, in the contributions of facebook/zstd). All numbers little-endian.
/// <code>
///  0  184D2A5E, a skippable frame
///  4  bytes that follow
///  8  for each frame: bytes compressed (4), bytes decompressed (4)
///     frames (4)   descriptor 0: no checksums (1)   8F92EAB1 (4)
/// </code>
/// </summary>
public static class ZstdSeekTable
{
    /// <summary>What a compressed file begins with (RFC 8878 section 3.1.1).</summary>
    public const uint ZstdMagic = 0xFD2FB528;

    private const uint SkippableMagic = 0x184D2A5E;
    private const uint SeekableMagic = 0x8F92EAB1;
    private const int HeadLength = 8;
    private const int EntryLength = 8;
    private const int FootLength = 9;

    /// <summary>Frames that a table may name: what of it is read into memory stays below 64 MiB.</summary>
    private const int MostFrames = (64 << 20) / EntryLength;

    /// <summary>The table's bytes.</summary>
    public static byte[] Write(IReadOnlyList<ZstdFrame> frames)
    {
        var table = new byte[HeadLength + (EntryLength * frames.Count) + FootLength];
        BinaryPrimitives.WriteUInt32LittleEndian(table, SkippableMagic);
        BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(4), table.Length - HeadLength);
        int at = HeadLength;
        foreach (ZstdFrame frame in frames)
        {
            BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(at), frame.Compressed);
            BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(at + 4), frame.Decompressed);
            at += EntryLength;
        }
        BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(at), frames.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(at + 5), SeekableMagic);
        return table;
    }

    /// <summary>Reads the table at the end of a file.</summary>
    /// <returns>Null when there is none, or none that agrees with the file's length.</returns>
    public static List<ZstdFrame>? Read(Stream file)
    {
        Span<byte> foot = stackalloc byte[FootLength];
        if (file.Length < HeadLength + FootLength)
            return null;
        file.Position = file.Length - FootLength;
        file.ReadExactly(foot);
        int count = BinaryPrimitives.ReadInt32LittleEndian(foot);
        // Tables of others may have a checksum in each entry: they are read from the beginning instead.
        if (BinaryPrimitives.ReadUInt32LittleEndian(foot[5..]) != SeekableMagic || foot[4] != 0 || count is < 0 or > MostFrames)
            return null;
        long start = file.Length - FootLength - ((long)EntryLength * count) - HeadLength;
        if (start < 0)
            return null;
        var entries = new byte[HeadLength + (EntryLength * count)];
        file.Position = start;
        file.ReadExactly(entries);
        if (BinaryPrimitives.ReadUInt32LittleEndian(entries) != SkippableMagic)
            return null;
        var frames = new List<ZstdFrame>(count);
        long compressed = 0;
        for (int at = HeadLength; at < entries.Length; at += EntryLength)
        {
            var frame = new ZstdFrame(
                BinaryPrimitives.ReadInt32LittleEndian(entries.AsSpan(at)),
                BinaryPrimitives.ReadInt32LittleEndian(entries.AsSpan(at + 4))
            );
            if (frame.Compressed <= 0 || frame.Decompressed < 0)
                return null;
            compressed += frame.Compressed;
            frames.Add(frame);
        }
        return compressed == start ? frames : null;
    }
}

/// <summary>A piece of a compressed file that is decompressed by itself.</summary>
/// <param name="Compressed">Its bytes in the file.</param>
/// <param name="Decompressed">What they become.</param>
public readonly record struct ZstdFrame(int Compressed, int Decompressed);
