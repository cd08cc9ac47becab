using System.Buffers.Binary;

namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>A packet of a capture.</summary>
/// <param name="TimestampNs">Nanoseconds since 1970-01-01 UTC.</param>
/// <param name="Data">The captured bytes.</param>
/// <param name="OriginalLength">Bytes on the wire.</param>
internal readonly record struct CapturedPacket(long TimestampNs, byte[] Data, uint OriginalLength);

/// <summary>
/// Takes plain pcap files apart and writes others, so that tests can change times and order (draft-ietf-opsawg-pcap):
/// <code>
/// file header (24):   magic (4) | 2 (2) | 4 (2) | 0 (8) | snap length (4) | link type (4)
/// packet header (16): seconds (4) | parts of a second (4) | captured length (4) | original length (4)
/// </code>
/// </summary>
internal static class PcapFile
{
    private const uint Microseconds = 0xA1B2C3D4;
    private const uint Nanoseconds = 0xA1B23C4D;
    private const int FileHeader = 24;
    private const int PacketHeader = 16;
    private const long Second = 1_000_000_000;

    /// <summary>The packets of a capture that was written on a little-endian machine.</summary>
    public static List<CapturedPacket> Read(string path, out int linkType)
    {
        ReadOnlySpan<byte> file = File.ReadAllBytes(path);
        uint magic = U32(file);
        Assert.True(magic is Microseconds or Nanoseconds, path);
        linkType = (int)U32(file[20..]);
        var packets = new List<CapturedPacket>();
        for (file = file[FileHeader..]; file.Length >= PacketHeader; )
        {
            int length = (int)U32(file[8..]);
            long parts = U32(file[4..]) * (magic == Microseconds ? 1_000L : 1L);
            packets.Add(new CapturedPacket((U32(file) * Second) + parts, file.Slice(PacketHeader, length).ToArray(), U32(file[12..])));
            file = file[(PacketHeader + length)..];
        }
        return packets;
    }

    /// <summary>A capture with nanoseconds.</summary>
    public static byte[] Write(IEnumerable<CapturedPacket> packets, int linkType)
    {
        using var to = new MemoryStream();
        Write(to, Nanoseconds, 2 | (4 << 16), 0, 0, 262_144, (uint)linkType);
        foreach (CapturedPacket packet in packets)
        {
            (long seconds, long parts) = Math.DivRem(packet.TimestampNs, Second);
            Write(to, (uint)seconds, (uint)parts, (uint)packet.Data.Length, packet.OriginalLength);
            to.Write(packet.Data);
        }
        return to.ToArray();
    }

    private static uint U32(ReadOnlySpan<byte> at) => BinaryPrimitives.ReadUInt32LittleEndian(at);

    private static void Write(Stream to, params ReadOnlySpan<uint> words)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (uint word in words)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, word);
            to.Write(bytes);
        }
    }
}
