using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

public sealed class PcapngTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ReadsSectionsInterfacesAndEveryPacketBlock()
    {
        CapturedPacket[] packets = SamplePackets.Make([60, 61, 62, 63, 64, 65]);
        PcapngBuilder capture = new PcapngBuilder()
            .Section(bigEndian: false)
            .Interface(linkType: 1)
            .Interface(linkType: 12, snapLength: 65_535, resolution: 9)
            .Unknown(4, 40)
            .Packet(0, packets[0], comment: "first")
            .Unknown(0x0BAD_CAFE, 100_000)
            .Packet(1, packets[1])
            .Section(bigEndian: true, sectionLength: 200)
            .Interface(linkType: 113, resolution: 0x80 | 30)
            .Packet(0, packets[2])
            .ObsoletePacket(0, packets[3])
            .SimplePacket(packets[4])
            .Packet(0, packets[5]);

        ReadBack read = await ReadBack.FilesAsync(_folder.Write("a.pcapng", capture.ToArray()));

        Assert.Empty(read.Damage);
        packets[4] = packets[4] with { TimestampNs = packets[3].TimestampNs }; // a simple packet has none of its own
        SamplePackets.Same(packets, capture.Offsets, read.Packets);
        Assert.Equal([1, 101, 113, 113, 113, 113], read.Packets.Select(packet => packet.LinkType));
        Assert.Empty(read.Warnings);
    }

    [Theory]
    [InlineData(null, 0, 1_700_000_000_123_456_000)]
    [InlineData((byte)0, 0, 1_700_000_000_000_000_000)]
    [InlineData((byte)3, 0, 1_700_000_000_123_000_000)]
    [InlineData((byte)6, 5_000_000, 1_700_000_000_123_456_000)]
    [InlineData((byte)6, -5_000_000, 1_700_000_000_123_456_000)]
    [InlineData((byte)9, 0, 1_700_000_000_123_456_789)]
    [InlineData((byte)9, 1_600_000_000, 1_700_000_000_123_456_789)]
    [InlineData((byte)10, 0, 1_700_000_000_123_456_789)]
    [InlineData((byte)12, 1_699_999_999, 1_700_000_000_123_456_789)]
    [InlineData((byte)(0x80 | 0), 0, 1_700_000_000_000_000_000)]
    [InlineData((byte)(0x80 | 10), 0, 1_700_000_000_125_000_000)]
    [InlineData((byte)(0x80 | 32), 0, 1_700_000_000_123_456_789)]
    public async Task ConvertsTimesOfEveryResolution(byte? resolution, long offsetSeconds, long timestampNs)
    {
        CapturedPacket packet = new(timestampNs, [1, 2, 3]);
        foreach (bool bigEndian in (bool[])[false, true])
        {
            byte[] capture = new PcapngBuilder()
                .Section(bigEndian)
                .Interface(resolution: resolution, offsetSeconds: offsetSeconds)
                .Packet(0, packet)
                .Packet(0, packet)
                .ToArray();
            ReadBack read = await ReadBack.FilesAsync(_folder.Write("a.pcapng", capture));
            Assert.Equal([timestampNs, timestampNs], read.Packets.Select(read => read.Packet.TimestampNs));
        }
    }

    [Fact]
    public async Task ATimeFarInTheFutureStaysFarFromOverflowing()
    {
        byte[] capture = new PcapngBuilder()
            .Section()
            .Interface(offsetSeconds: long.MaxValue)
            .Number(6)
            .Number(32)
            .Number(0)
            .Number(uint.MaxValue)
            .Number(uint.MaxValue)
            .Number(0)
            .Number(0)
            .Number(32)
            .ToArray();
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("a.pcapng", capture));
        Assert.Equal(9_000_000_000_000_000_000, Assert.Single(read.Packets).Packet.TimestampNs);
    }

    [Fact]
    public async Task ASimplePacketIsCutAtTheSnapLength()
    {
        CapturedPacket whole = new(0, [1, 2, 3, 4, 5, 6], 60);
        byte[] capture = new PcapngBuilder().Section().Interface(snapLength: 6).SimplePacket(whole).ToArray();
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("a.pcapng", capture));
        Assert.Equal(SamplePackets.Show(whole), SamplePackets.Show(Assert.Single(read.Packets).Packet));
    }

    [Theory]
    [InlineData("length not of four", 6u, 33u)]
    [InlineData("shorter than a block can be", 6u, 8u)]
    [InlineData("shorter than a packet can be", 6u, 28u)]
    [InlineData("longer than any", 6u, 0x7FFF_FFF0u)]
    [InlineData("unknown and longer than any", 0x99u, 0x7FFF_FFF0u)]
    [InlineData("interface description without room", 1u, 16u)]
    public async Task ABadBlockIsDamage(string what, uint type, uint total)
    {
        CapturedPacket[] packets = SamplePackets.Make(3);
        PcapngBuilder capture = new PcapngBuilder().Section().Interface();
        foreach (CapturedPacket packet in packets)
            capture.Packet(0, packet);
        int offset = capture.Length;
        capture.Number(type).Number(total).Number(0).Number(total).Bytes(new byte[200]);

        string path = _folder.Write("bad.pcapng", capture.ToArray());
        ReadBack read = await ReadBack.FilesAsync(path);

        SamplePackets.Same(packets, capture.Offsets, read.Packets);
        Assert.True(read.Damage.Count == 1, what);
        Assert.Contains($"{path}, offset {offset}", read.Damage[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(6u)]
    [InlineData(0x99u)]
    public async Task LengthsThatDisagreeAreDamage(uint type)
    {
        PcapngBuilder capture = new PcapngBuilder().Section().Interface();
        capture.Number(type).Number(32).Bytes(new byte[20]).Number(36).Bytes(new byte[200]);
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("bad.pcapng", capture.ToArray()));
        Assert.Empty(read.Packets);
        Assert.Single(read.Damage);
    }

    [Fact]
    public async Task APacketOfAnUnknownInterfaceIsDamage()
    {
        PcapngBuilder capture = new PcapngBuilder().Section().Interface().Packet(0, SamplePackets.Make(1)[0]).Section();
        int offset = capture.Length;
        capture.Number(6).Number(32).Bytes(new byte[20]).Number(32);
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("bad.pcapng", capture.ToArray()));
        Assert.Single(read.Packets);
        Assert.Contains($"offset {offset}", Assert.Single(read.Damage), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    public async Task ATruncatedBlockIsAWarning(int left)
    {
        CapturedPacket[] packets = SamplePackets.Make(2);
        PcapngBuilder capture = new PcapngBuilder().Section().Interface().Packet(0, packets[0]).Packet(0, packets[1]);
        foreach (PcapngBuilder whole in (PcapngBuilder[])[capture, new PcapngBuilder().Bytes(capture.ToArray()).Unknown(0x99, 5_000)])
        {
            int begin = whole == capture ? (int)capture.Offsets[1] : capture.Length;
            ReadBack read = await ReadBack.FilesAsync(_folder.Write("cut.pcapng", whole.ToArray().AsSpan(..(begin + left))));
            Assert.Equal(whole == capture ? 1 : 2, read.Packets.Count);
            Assert.Single(read.Warnings);
            Assert.Empty(read.Damage);
        }
    }
}
