using FlowPipe.Core.Reading;
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

    /// <summary>Whoever reads takes 0 for the end: between members it would cost all that follows.</summary>
    [Theory]
    [MemberData(nameof(Compressed))]
    public void NothingIsReadOnlyAtTheEnd(string compression)
    {
        byte[][] members =
        [
            [1, 2, 3],
            [],
            [],
            [4],
            new byte[200_000],
            [5, 6],
        ];
        byte[] file = [.. members.SelectMany(member => Compressions.Compress(compression, member))];
        using Stream contents = Decompression.Of(CaptureFormats.Recognise(file), new MemoryStream(file));
        using MemoryStream all = new();
        byte[] buffer = new byte[64 * 1024];
        while (contents.Read(buffer, 0, buffer.Length) is > 0 and int read)
            all.Write(buffer, 0, read);
        Assert.Equal(members.SelectMany(member => member), all.ToArray());
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

    [Theory]
    [InlineData(1)] // in the length
    [InlineData(4)] // in front of it
    [InlineData(6)] // in the checksum
    [InlineData(7)]
    [InlineData(300)]
    public async Task ACutGzipFileIsAWarningThatSaysSo(int missing)
    {
        CapturedPacket[] packets = SamplePackets.Make(60);
        PcapBuilder capture = new PcapBuilder().AddAll(packets);
        byte[] bytes =
        [
            .. Compressions.Compress("gzip", capture.ToArray()[..1_001]),
            .. Compressions.Compress("gzip", capture.ToArray()[1_001..]),
        ];
        string path = _folder.Write("cut.gz", bytes.AsSpan(..^missing));

        ReadBack read = await ReadBack.FilesAsync(path);

        string warning = Assert.Single(read.Warnings);
        Assert.Contains(path, warning, StringComparison.Ordinal);
        Assert.Contains("was cut", warning, StringComparison.Ordinal);
        Assert.Empty(read.Damage);
        SamplePackets.Same(packets[..read.Packets.Count], capture.Offsets[..read.Packets.Count], read.Packets);
        Assert.InRange(read.Packets.Count, missing > 8 ? 20 : 60, missing > 8 ? 59 : 60);
    }

    [Fact]
    public async Task AGzipFileWithoutItsTrailerIsDamage()
    {
        byte[] bytes = Compressions.Compress("gzip", new PcapBuilder().AddAll(SamplePackets.Make(60)).ToArray());
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("cut.gz", bytes.AsSpan(..^8)));
        Assert.Contains("checksum is missing", Assert.Single(read.Damage), StringComparison.Ordinal);
        Assert.Equal(60, read.Packets.Count);
    }

    [Theory]
    [InlineData(3)] // flags to come
    [InlineData(10)]
    public async Task AGzipFileCutInAHeaderIsAWarning(int left)
    {
        byte[] member = Compressions.Compress("gzip", new PcapBuilder().AddAll(SamplePackets.Make(20)).ToArray());
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("cut.gz", [.. member, .. member[..left]]));
        Assert.Equal(20, read.Packets.Count);
        Assert.Contains("was cut", Assert.Single(read.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GzipHeadersWithAllTheirPartsAndZerosBehindAreRead()
    {
        byte[] capture = new PcapBuilder().AddAll(SamplePackets.Make(20)).ToArray();
        byte[] plain = Compressions.Compress("gzip", capture);
        byte[] header = [0x1F, 0x8B, 8, 0x1E, 1, 2, 3, 4, 0, 3, 3, 0, 9, 9, 9, (byte)'a', 0, (byte)'b', 0, 0xAA, 0xBB];
        byte[] bytes = [.. header, .. plain[10..], .. new byte[1_000]];
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("a.gz", bytes));
        Assert.Equal(20, read.Packets.Count);
        Assert.Empty(read.Warnings);
        Assert.Empty(read.Damage);
    }

    [Fact]
    public async Task WhatIsNoGzipBehindGzipIsDamage()
    {
        byte[] bytes = [.. Compressions.Compress("gzip", new PcapBuilder().AddAll(SamplePackets.Make(20)).ToArray()), .. "not gzip"u8];
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("a.gz", bytes));
        Assert.Equal(20, read.Packets.Count);
        Assert.Contains("not gzip", Assert.Single(read.Damage), StringComparison.Ordinal);
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
