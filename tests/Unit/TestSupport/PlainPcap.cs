using System.Buffers.Binary;
using System.IO.Compression;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>Reads classic captures, little-endian, in the simplest way there is: what the program's reader is held against.</summary>
internal static class PlainPcap
{
    /// <summary>The packets: stamp in nanoseconds, length on the wire, frame in hexadecimal digits.</summary>
    public static List<(long Ns, uint Original, string Frame)> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        if (path.EndsWith(".gz", StringComparison.Ordinal))
        {
            using var gzip = new GZipStream(new MemoryStream(file), CompressionMode.Decompress);
            using var plain = new MemoryStream();
            gzip.CopyTo(plain);
            file = plain.ToArray();
        }
        return Read(file);
    }

    public static List<(long Ns, uint Original, string Frame)> Read(ReadOnlySpan<byte> file)
    {
        long tick = BinaryPrimitives.ReadUInt32LittleEndian(file) switch
        {
            0xA1B2C3D4 => 1000,
            0xA1B23C4D => 1,
            var magic => throw new InvalidDataException($"magic {magic:x8}"),
        };
        var packets = new List<(long, uint, string)>();
        for (int at = 24; at < file.Length; )
        {
            long seconds = BinaryPrimitives.ReadUInt32LittleEndian(file[at..]);
            long fraction = BinaryPrimitives.ReadUInt32LittleEndian(file[(at + 4)..]);
            int length = BinaryPrimitives.ReadInt32LittleEndian(file[(at + 8)..]);
            uint original = BinaryPrimitives.ReadUInt32LittleEndian(file[(at + 12)..]);
            packets.Add((seconds * 1_000_000_000 + fraction * tick, original, Convert.ToHexString(file.Slice(at + 16, length))));
            at += 16 + length;
        }
        return packets;
    }
}
