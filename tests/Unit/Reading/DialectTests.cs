using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

/// <summary>Dialects of pcap that only their records tell apart.</summary>
public sealed class DialectTests : IDisposable
{
    private const uint Pcap = 0xA1B2C3D4;
    private const uint Modified = 0xA1B2CD34;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<uint, int, bool> Dialects
    {
        get
        {
            var dialects = new TheoryData<uint, int, bool>();
            foreach (bool bigEndian in (bool[])[false, true])
            {
                dialects.Add(Pcap, 0, bigEndian);
                dialects.Add(Pcap, 4, bigEndian); // Nokia
                dialects.Add(Pcap, 8, bigEndian); // Red Hat 6.1
                dialects.Add(Modified, 8, bigEndian);
                dialects.Add(Modified, 12, bigEndian); // SuSE 6.3
            }
            return dialects;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task AreReadFromFilesAndPipes(uint magic, int more, bool bigEndian)
    {
        foreach (int count in (int[])[2, 3, 60, 900])
        {
            CapturedPacket[] packets = SamplePackets.Make(count);
            PcapBuilder capture = new PcapBuilder(bigEndian: bigEndian, magic: magic, more: more).AddAll(packets);
            ReadBack file = await ReadBack.FilesAsync(_folder.Write("a.pcap", capture.ToArray()));
            using DribblingStream stream = new(capture.ToArray(), seed: count);
            ReadBack piped = await ReadBack.StandardInputAsync(stream);
            foreach (ReadBack read in (ReadBack[])[file, piped])
            {
                SamplePackets.Same(packets, capture.Offsets, read.Packets);
                Assert.Empty(read.Warnings);
                Assert.Empty(read.Damage);
            }
            Assert.Equal(file.Sources[0].Fingerprint, piped.Sources[0].Fingerprint);
        }
    }

    [Theory]
    [InlineData(Pcap, 0)]
    [InlineData(Modified, 8)]
    public async Task OnePacketIsOfTheUsualDialect(uint magic, int more)
    {
        CapturedPacket[] packets = SamplePackets.Make([61]);
        PcapBuilder capture = new PcapBuilder(magic: magic, more: more).AddAll(packets);
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("one.pcap", capture.ToArray()));
        SamplePackets.Same(packets, capture.Offsets, read.Packets);
        Assert.Empty(read.Warnings);
    }

    /// <summary>What does not follow the rules in any dialect stays what it says it is.</summary>
    [Theory]
    [InlineData(0u, 1_000_000u, 60u)]
    [InlineData(0u, 0u, 59u)]
    public async Task OddSecondRecordsOfPcapStayPcap(uint seconds, uint fraction, uint original)
    {
        PcapBuilder capture = new PcapBuilder().AddAll(SamplePackets.Make([60]));
        capture.Record(seconds, fraction, 60, original).Bytes(new byte[60]);
        capture.AddAll(SamplePackets.Make(3));
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("odd.pcap", capture.ToArray()));
        Assert.Equal(capture.Offsets, read.Packets.Select(packet => packet.Offset));
        Assert.Empty(read.Warnings);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(48)]
    public async Task CutBeforeTheSecondRecordIsAWarning(int length)
    {
        byte[] capture = new PcapBuilder().AddAll(SamplePackets.Make([60, 60])).ToArray();
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("cut.pcap", capture.AsSpan(..(24 + length))));
        Assert.Empty(read.Packets);
        Assert.Contains("offset 24", Assert.Single(read.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADialectsDamageNamesItsOffset()
    {
        CapturedPacket[] packets = SamplePackets.Make(1_500);
        PcapBuilder capture = new PcapBuilder(more: 4).AddAll(packets).Record(1, 2, 300_000, 300_000).Bytes(new byte[400_000]);
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("bad.pcap", capture.ToArray()));
        Assert.Equal(1_500, read.Packets.Count);
        Assert.Contains($"offset {capture.Offsets[^1]}", Assert.Single(read.Damage), StringComparison.Ordinal);
    }
}
