using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

public sealed class CompressionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Compressed => [.. Compressions.Names.Where(name => name.Length > 0)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Compressed))]
    public async Task SeveralMembersAreOneCapture(string compression)
    {
        CapturedPacket[] packets = SamplePackets.Make(200);
        PcapBuilder capture = new PcapBuilder().AddAll(packets);
        byte[] bytes = capture.ToArray();
        byte[] two = [.. Compressions.Compress(compression, bytes[..1_001]), .. Compressions.Compress(compression, bytes[1_001..])];

        ReadBack read = await ReadBack.FilesAsync(_folder.Write("a.pcap", two));

        Assert.Empty(read.Damage);
        SamplePackets.Same(packets, capture.Offsets, read.Packets);
    }

    [Theory]
    [MemberData(nameof(Compressed))]
    public async Task CorruptionIsDamageAndKeepsWhatCameBefore(string compression)
    {
        // in members, so that all decompressors have handed out something before they meet it
        byte[] capture = new PcapBuilder().AddAll(SamplePackets.Make(2_000)).ToArray();
        byte[] second = Compressions.Compress(compression, capture[100_000..]);
        second.AsSpan(second.Length / 2, 64).Fill(0x5A);
        byte[] bytes = [.. Compressions.Compress(compression, capture[..100_000]), .. second];
        string path = _folder.Write("bad", bytes);

        ReadBack read = await ReadBack.FilesAsync(path);

        Assert.Contains(path, Assert.Single(read.Damage), StringComparison.Ordinal);
        Assert.InRange(read.Packets.Count, 1, 1_999);
    }

    [Theory]
    [MemberData(nameof(Compressed))]
    public async Task ACutFileKeepsWhatCameBefore(string compression)
    {
        byte[] capture = new PcapBuilder().AddAll(SamplePackets.Make(2_000)).ToArray();
        byte[] bytes =
        [
            .. Compressions.Compress(compression, capture[..100_000]),
            .. Compressions.Compress(compression, capture[100_000..]),
        ];
        string path = _folder.Write("cut", bytes.AsSpan(..^5_000));

        ReadBack read = await ReadBack.FilesAsync(path);

        Assert.Contains(path, Assert.Single((string[])[.. read.Warnings, .. read.Damage]), StringComparison.Ordinal);
        Assert.InRange(read.Packets.Count, 1, 1_999);
    }

    [Fact]
    public async Task AWrongGzipChecksumKeepsAlmostAll()
    {
        byte[] capture = new PcapBuilder().AddAll(SamplePackets.Make(60)).ToArray();
        byte[] bytes = Compressions.Compress("gzip", capture);
        bytes[^6] ^= 1;
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("crc.gz", bytes));
        Assert.Contains("checksum", Assert.Single(read.Damage), StringComparison.Ordinal);
        Assert.InRange(read.Packets.Count, 40, 60);
    }

    [Fact]
    public async Task AnXzDictionaryOfGigabytesIsRefused()
    {
        byte[] capture = new PcapBuilder().AddAll(SamplePackets.Make(20)).ToArray();
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("huge.xz", Compressions.XzOfHugeDictionary(capture)));
        Assert.Contains("dictionary", Assert.Single(read.Damage), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CompressedTwiceIsSaidSo()
    {
        byte[] twice = Compressions.Compress(
            "gzip",
            Compressions.Compress("zstd", new PcapBuilder().AddAll(SamplePackets.Make(2)).ToArray())
        );
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("twice.gz", twice));
        Assert.Contains("more than once", Assert.Single(read.Damage), StringComparison.Ordinal);
    }
}
