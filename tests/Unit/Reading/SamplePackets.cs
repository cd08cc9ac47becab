using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

/// <summary>Packets that differ in every member, and what to compare them by.</summary>
internal static class SamplePackets
{
    private const long Begin = 1_700_000_000_123_456_000;

    /// <summary>So many packets, of lengths that no alignment fits.</summary>
    public static CapturedPacket[] Make(int count) => Make(Enumerable.Range(0, count).Select(i => (i * 37 % 191) + 1));

    /// <summary>Packets of these lengths.</summary>
    public static CapturedPacket[] Make(IEnumerable<int> lengths) =>
        [.. lengths.Select((length, i) => new CapturedPacket(Begin + (i * 1_000_001_000L), Bytes(length, i), length + (i % 3)))];

    /// <summary>Asserts that these packets were read, at these offsets.</summary>
    public static void Same(IEnumerable<CapturedPacket> written, IEnumerable<long> offsets, IReadOnlyList<ReadPacket> read)
    {
        Assert.Equal(written.Select(Show), read.Select(packet => Show(packet.Packet)), StringComparer.Ordinal);
        Assert.Equal(offsets, read.Select(packet => packet.Offset), EqualityComparer<long>.Default);
    }

    /// <summary>A packet as text that compares.</summary>
    public static string Show(CapturedPacket packet) => $"{packet.TimestampNs} {packet.OriginalLength} {Convert.ToHexString(packet.Data)}";

    /// <summary>Bytes that repeat with the seed only.</summary>
    public static byte[] Bytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
