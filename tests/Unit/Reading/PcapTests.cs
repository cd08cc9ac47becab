using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

public sealed class PcapTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task ReadsBothResolutionsAndByteOrders(bool nanoseconds, bool bigEndian)
    {
        CapturedPacket[] packets = SamplePackets.Make(40);
        PcapBuilder capture = new PcapBuilder(nanoseconds, bigEndian).AddAll(packets);

        ReadBack read = await ReadBack.FilesAsync(_folder.Write("a.pcap", capture.ToArray()));

        SamplePackets.Same(packets, capture.Offsets, read.Packets);
        Assert.All(read.Packets, packet => Assert.Equal(1, packet.LinkType));
        Assert.Empty(read.Warnings);
        Assert.Empty(read.Damage);
    }

    [Theory]
    [InlineData(0x1000_0001u, 1)] // upper bits: length of the frame check sequence
    [InlineData(12u, 101)]
    [InlineData(14u, 101)]
    [InlineData(113u, 113)]
    [InlineData(276u, 276)]
    public async Task NumbersLinkTypesAsTheRegistryDoes(uint inFile, int read)
    {
        byte[] capture = new PcapBuilder(linkType: inFile).AddAll(SamplePackets.Make(2)).ToArray();
        ReadBack result = await ReadBack.FilesAsync(_folder.Write("a.pcap", capture));
        Assert.Equal([read, read], result.Packets.Select(packet => packet.LinkType));
    }

    [Fact]
    public async Task AnEmptyCaptureIsNoMistake()
    {
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("a.pcap", new PcapBuilder().ToArray()));
        Assert.Empty(read.Packets);
        Assert.Empty(read.Warnings);
        Assert.Empty(read.Damage);
        Assert.Single(read.Sources);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(30)]
    public async Task ATruncatedLastPacketIsAWarning(int missing)
    {
        CapturedPacket[] packets = SamplePackets.Make([10, 20, 30]);
        PcapBuilder capture = new PcapBuilder().AddAll(packets);
        string path = _folder.Write("cut.pcap", capture.ToArray().AsSpan(..^missing));

        ReadBack read = await ReadBack.FilesAsync(path);

        SamplePackets.Same(packets[..2], capture.Offsets[..2], read.Packets);
        Assert.Contains($"{path}, offset {capture.Offsets[2]}", Assert.Single(read.Warnings), StringComparison.Ordinal);
        Assert.Empty(read.Damage);
    }

    [Fact]
    public async Task DamageKeepsWhatCameBeforeAndGoesOnWithTheNextFile()
    {
        CapturedPacket[] packets = SamplePackets.Make(7);
        PcapBuilder bad = new PcapBuilder().AddAll(packets).Record(1, 2, 300_000, 300_000).Bytes(new byte[400_000]);
        string first = _folder.Write("bad.pcap", bad.ToArray());
        string second = _folder.Write("good.pcap", new PcapBuilder().AddAll(packets).ToArray());

        ReadBack read = await ReadBack.FilesAsync(first, second);

        SamplePackets.Same([.. packets, .. packets], [.. bad.Offsets[..7], .. bad.Offsets[..7]], read.Packets);
        Assert.Contains($"{first}, offset {bad.Offsets[7]}", Assert.Single(read.Damage), StringComparison.Ordinal);
        Assert.Empty(read.Warnings);
    }

    [Fact]
    public async Task ALongerSnapLengthAllowsLongerPackets()
    {
        CapturedPacket[] packets = SamplePackets.Make([300_000, 1]);
        PcapBuilder capture = new PcapBuilder(snapLength: 400_000).AddAll(packets);
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("long.pcap", capture.ToArray()));
        SamplePackets.Same(packets, capture.Offsets, read.Packets);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task VersionsBefore24MayHaveTheLengthsEitherWay(int minor)
    {
        PcapBuilder capture = new PcapBuilder(minor: minor);
        capture.Record(5, 6, captured: 60, original: 4).Bytes(1, 2, 3, 4);
        capture.Record(5, 6, captured: 4, original: 60).Bytes(1, 2, 3, 4);
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("old.pcap", capture.ToArray()));
        CapturedPacket packet = new(5_000_006_000, [1, 2, 3, 4], 60);
        SamplePackets.Same([packet, packet], capture.Offsets, read.Packets);
        Assert.Empty(read.Damage);
    }
}
