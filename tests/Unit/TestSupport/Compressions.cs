using System.Buffers.Binary;
using System.IO.Compression;
using K4os.Compression.LZ4.Streams;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>Compresses bytes in each of the formats that are recognised.</summary>
internal static class Compressions
{
    /// <summary>Names for <see cref="Compress"/>; the empty one leaves the bytes as they are.</summary>
    public static string[] Names { get; } = ["", "gzip", "zstd", "lz4", "xz"];

    public static byte[] Compress(string name, byte[] bytes) =>
        name switch
        {
            "" => bytes,
            "gzip" => Through(bytes, to => new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true)),
            "zstd" => Through(bytes, Zstandard),
            "lz4" => Through(bytes, to => LZ4Stream.Encode(to, leaveOpen: true)),
            "xz" => Xz(bytes),
            _ => throw new ArgumentException(name),
        };

    /// <summary>With a checksum, as the command line tool writes it.</summary>
    private static ZstdSharp.CompressionStream Zstandard(Stream to)
    {
        ZstdSharp.CompressionStream stream = new(to, leaveOpen: true);
        stream.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        return stream;
    }

    private static byte[] Through(byte[] bytes, Func<Stream, Stream> compressor)
    {
        using MemoryStream to = new();
        using (Stream stream = compressor(to))
            stream.Write(bytes);
        return to.ToArray();
    }

    /// <summary>
    /// An xz stream of one block, stored (no package here writes the format).
    /// <code>
    ///  stream header  FD '7zXZ' 00, 00 01 (check: CRC-32), CRC of the flags
    ///  block          header: size, flags 0, filter 21 01 dictionary, padding, CRC; LZMA2 chunks 01|02, size - 1, bytes; 00; padding; CRC of the contents
    ///  index          00, 1 record: block's size without padding, contents' size; padding, CRC
    ///  footer         CRC, index size / 4 - 1, 00 01, 'YZ'
    /// </code>
    /// </summary>
    private static byte[] Xz(byte[] bytes, byte dictionary = 16)
    {
        List<byte> xz = [0xFD, .. "7zXZ"u8, 0x00, 0x00, 0x01];
        AddCrc(xz, [0x00, 0x01]);

        byte[] header = [0x02, 0x00, 0x21, 0x01, dictionary, 0x00, 0x00, 0x00];
        int block = xz.Count;
        xz.AddRange(header);
        AddCrc(xz, header);
        const int MostOfChunk = 65_536;
        for (int at = 0; at < bytes.Length; at += MostOfChunk)
        {
            int size = Math.Min(MostOfChunk, bytes.Length - at);
            xz.AddRange([(byte)(at == 0 ? 1 : 2), (byte)((size - 1) >> 8), (byte)(size - 1), .. bytes.AsSpan(at, size)]);
        }
        xz.Add(0);
        int unpadded = xz.Count - block + 4;
        Pad(xz);
        AddCrc(xz, bytes);

        List<byte> index = [0x00, 0x01];
        Number(index, (ulong)unpadded);
        Number(index, (ulong)bytes.Length);
        Pad(index);
        AddCrc(index, [.. index]);
        xz.AddRange(index);

        byte[] footer = new byte[6];
        BinaryPrimitives.WriteInt32LittleEndian(footer, (index.Count / 4) - 1);
        footer[5] = 0x01;
        AddCrc(xz, footer);
        xz.AddRange([.. footer, .. "YZ"u8]);
        return [.. xz];
    }

    /// <summary>An xz stream that wants 4 GiB to decode itself.</summary>
    public static byte[] XzOfHugeDictionary(byte[] bytes) => Xz(bytes, dictionary: 40);

    private static void Pad(List<byte> to)
    {
        while (to.Count % 4 != 0)
            to.Add(0);
    }

    private static void Number(List<byte> to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            to.Add((byte)(value | 0x80));
        to.Add((byte)value);
    }

    private static void AddCrc(List<byte> to, ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte next in bytes)
        {
            crc ^= next;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xEDB88320 & (0u - (crc & 1)));
        }
        byte[] written = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(written, ~crc);
        to.AddRange(written);
    }
}
