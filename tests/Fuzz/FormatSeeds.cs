using System.Buffers.Binary;
using System.IO.Compression;

namespace FlowPipe.Tests.Fuzz;

/// <summary>Small captures of every format that the reader knows, made here, so that each is fuzzed from its own form.</summary>
internal static class FormatSeeds
{
    private const int Packets = 6;

    /// <summary>Names and captures.</summary>
    public static IReadOnlyDictionary<string, byte[][]> All { get; } =
        new SortedDictionary<string, byte[][]>(StringComparer.Ordinal)
        {
            ["pcap"] = [Pcap(0xA1B2C3D4, 0), Pcap(0xA1B23C4D, 0), Pcap(0xD4C3B2A1, 0)],
            ["dialects"] = [Pcap(0xA1B2C3D4, 4), Pcap(0xA1B2C3D4, 8), Pcap(0xA1B2CD34, 8), Pcap(0xA1B2CD34, 12)],
            ["pcapng"] = [Pcapng(0x1A2B3C4D), Pcapng(0x4D3C2B1A)],
            ["snoop"] = [Snoop()],
            ["gzip"] = [Gzip(Pcap(0xA1B2C3D4, 0)), [.. Gzip(Pcapng(0x1A2B3C4D)), .. Gzip(Snoop())]],
            ["zstd"] = [Zstd(Pcap(0xA1B2C3D4, 0))],
            ["lz4"] = [Lz4(Pcap(0xA1B2C3D4, 0))],
        };

    private static byte[] Frame(int number)
    {
        byte[] frame = new byte[60 + number];
        new Random(number).NextBytes(frame);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), 0x0800);
        frame[14] = 0x45;
        return frame;
    }

    private static byte[] Pcap(uint magic, int more)
    {
        bool bigEndian = magic == 0xD4C3B2A1;
        List<byte> bytes = [];
        U32(bytes, bigEndian ? 0xA1B2C3D4 : magic, bigEndian);
        U16(bytes, 2, bigEndian);
        U16(bytes, 4, bigEndian);
        foreach (uint number in (uint[])[0, 0, 65_535, 1])
            U32(bytes, number, bigEndian);
        for (int i = 0; i < Packets; i++)
        {
            byte[] frame = Frame(i);
            foreach (uint number in (uint[])[1_700_000_000, (uint)i, (uint)frame.Length, (uint)frame.Length])
                U32(bytes, number, bigEndian);
            bytes.AddRange(new byte[more]);
            bytes.AddRange(frame);
        }
        return [.. bytes];
    }

    private static byte[] Snoop()
    {
        List<byte> bytes = [.. "snoop\0\0\0"u8];
        U32(bytes, 2, bigEndian: true);
        U32(bytes, 4, bigEndian: true);
        for (int i = 0; i < Packets; i++)
        {
            byte[] frame = Frame(i);
            int padding = -frame.Length & 3;
            foreach (
                uint number in (uint[])
                    [(uint)frame.Length, (uint)frame.Length, (uint)(24 + frame.Length + padding), 0, 1_700_000_000, (uint)i]
            )
                U32(bytes, number, bigEndian: true);
            bytes.AddRange(frame);
            bytes.AddRange(new byte[padding]);
        }
        return [.. bytes];
    }

    private static byte[] Pcapng(uint order)
    {
        bool bigEndian = order == 0x4D3C2B1A;
        List<byte> bytes = [];
        Block(bytes, 0x0A0D0D0A, bigEndian, [0x1A2B3C4D, bigEndian ? 0x0001_0000u : 1u, uint.MaxValue, uint.MaxValue], []);
        // Ethernet, no snap length; if_tsresol 9, if_tsoffset 0, end of options
        Block(bytes, 1, bigEndian, [bigEndian ? 0x0001_0000u : 1u, 0], Options(bigEndian));
        for (int i = 0; i < Packets; i++)
        {
            byte[] frame = Frame(i);
            uint length = (uint)frame.Length;
            byte[] padded = [.. frame, .. new byte[-frame.Length & 3]];
            switch (i % 4)
            {
                case 0:
                    Block(bytes, 6, bigEndian, [0, 0x1797_0000, (uint)i, length, length], padded);
                    break;
                case 1:
                    Block(bytes, 3, bigEndian, [length], padded);
                    break;
                case 2:
                    Block(bytes, 2, bigEndian, [0, 0x1797_0000, (uint)i, length, length], padded);
                    break;
                default:
                    Block(bytes, 0xBAD, bigEndian, [32_473], padded);
                    break;
            }
        }
        return [.. bytes];
    }

    private static byte[] Options(bool bigEndian)
    {
        List<byte> options = [];
        U16(options, 9, bigEndian);
        U16(options, 1, bigEndian);
        options.AddRange([9, 0, 0, 0]);
        U16(options, 14, bigEndian);
        U16(options, 8, bigEndian);
        options.AddRange(new byte[8]);
        U32(options, 0, bigEndian);
        return [.. options];
    }

    private static void Block(List<byte> bytes, uint type, bool bigEndian, uint[] numbers, byte[] rest)
    {
        uint total = (uint)(12 + (numbers.Length * 4) + rest.Length);
        U32(bytes, type, bigEndian);
        U32(bytes, total, bigEndian);
        foreach (uint number in numbers)
            U32(bytes, number, bigEndian);
        bytes.AddRange(rest);
        U32(bytes, total, bigEndian);
    }

    private static void U32(List<byte> bytes, uint number, bool bigEndian)
    {
        Span<byte> four = stackalloc byte[4];
        if (bigEndian)
            BinaryPrimitives.WriteUInt32BigEndian(four, number);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(four, number);
        bytes.AddRange(four);
    }

    private static void U16(List<byte> bytes, ushort number, bool bigEndian)
    {
        byte low = (byte)number;
        byte high = (byte)(number >> 8);
        bytes.AddRange(bigEndian ? [high, low] : [low, high]);
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var to = new MemoryStream();
        using (var gzip = new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        return to.ToArray();
    }

    private static byte[] Zstd(byte[] bytes)
    {
        using var to = new MemoryStream();
        using (var zstd = new ZstdSharp.CompressionStream(to, leaveOpen: true))
            zstd.Write(bytes);
        return to.ToArray();
    }

    private static byte[] Lz4(byte[] bytes)
    {
        using var to = new MemoryStream();
        using (Stream lz4 = K4os.Compression.LZ4.Streams.LZ4Stream.Encode(to, leaveOpen: true))
            lz4.Write(bytes);
        return to.ToArray();
    }
}
