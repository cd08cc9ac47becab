using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

public sealed class SnoopTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ReadsPacketsFromFilesAndPipes()
    {
        CapturedPacket[] packets = SamplePackets.Make(70);
        SnoopBuilder capture = new();
        foreach (CapturedPacket packet in packets)
            capture.Add(packet);
        ReadBack file = await ReadBack.FilesAsync(_folder.Write("a.snoop", capture.ToArray()));
        using DribblingStream stream = new(capture.ToArray(), seed: 3);
        ReadBack piped = await ReadBack.StandardInputAsync(stream);
        foreach (ReadBack read in (ReadBack[])[file, piped])
        {
            SamplePackets.Same(packets, capture.Offsets, read.Packets);
            Assert.All(read.Packets, packet => Assert.Equal(1, packet.LinkType));
            Assert.Empty(read.Warnings);
            Assert.Empty(read.Damage);
        }
        Assert.Equal(file.Sources[0].Fingerprint, piped.Sources[0].Fingerprint);
    }

    [Theory]
    [InlineData(0u, 1)]
    [InlineData(2u, 6)]
    [InlineData(4u, 1)]
    [InlineData(8u, 10)]
    [InlineData(18u, 123)]
    [InlineData(5u, ushort.MaxValue)] // no link type of the registry: counted, not lost
    public async Task NumbersLinkTypesAsTheRegistryDoes(uint inFile, int read)
    {
        byte[] capture = new SnoopBuilder(inFile).Add(SamplePackets.Make(1)[0]).ToArray();
        ReadBack result = await ReadBack.FilesAsync(_folder.Write("a.snoop", capture));
        Assert.Equal(read, Assert.Single(result.Packets).LinkType);
    }

    [Fact]
    public async Task AnotherVersionIsRefused()
    {
        string path = _folder.Write("a.snoop", new SnoopBuilder(version: 3).Add(SamplePackets.Make(1)[0]).ToArray());
        ReadBack read = await ReadBack.FilesAsync(path);
        string damage = Assert.Single(read.Damage);
        Assert.Contains($"{path}, offset 8", damage, StringComparison.Ordinal);
        Assert.Contains("version 3", damage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(23)] // not even its header
    [InlineData(83)] // less than header and frame
    [InlineData(1_000)] // more padding than can be
    public async Task ARecordLengthThatCannotBeIsDamage(int total)
    {
        SnoopBuilder capture = new SnoopBuilder().Add(SamplePackets.Make(1)[0]).Record(new CapturedPacket(0, new byte[60]), total);
        string path = _folder.Write("bad.snoop", [.. capture.ToArray(), .. new byte[2_000]]);
        ReadBack read = await ReadBack.FilesAsync(path);
        Assert.Single(read.Packets);
        Assert.Contains($"{path}, offset {capture.Offsets[1]}", Assert.Single(read.Damage), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATooLongPacketIsDamage()
    {
        SnoopBuilder capture = new SnoopBuilder().Record(new CapturedPacket(0, new byte[300_000]), 300_024);
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("long.snoop", [.. capture.ToArray(), .. new byte[400_000]]));
        Assert.Contains("offset 16", Assert.Single(read.Damage), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(70)]
    public async Task ACutCaptureIsAWarning(int missing)
    {
        CapturedPacket[] packets = SamplePackets.Make([60, 61]);
        SnoopBuilder capture = new SnoopBuilder().Add(packets[0]).Add(packets[1]);
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("cut.snoop", capture.ToArray().AsSpan(..^missing)));
        SamplePackets.Same(packets[..1], capture.Offsets[..1], read.Packets);
        Assert.Contains($"offset {capture.Offsets[1]}", Assert.Single(read.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACutHeaderIsDamage()
    {
        ReadBack read = await ReadBack.FilesAsync(_folder.Write("cut.snoop", new SnoopBuilder().ToArray().AsSpan(..15)));
        Assert.Contains("header", Assert.Single(read.Damage), StringComparison.Ordinal);
    }
}
