using FlowPipe.Core;
using FlowPipe.Core.Reading;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

public sealed class FilterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task PassesWhatMatchesAndCountsTheRest()
    {
        CapturedPacket[] packets = SamplePackets.Make([14, 60, 14, 61, 62, 14]);
        PcapBuilder capture = new PcapBuilder().AddAll(packets);

        ReadBack read = await FilterAsync("greater 60", capture);

        SamplePackets.Same(
            [packets[1], packets[3], packets[4]],
            [capture.Offsets[1], capture.Offsets[3], capture.Offsets[4]],
            read.Packets
        );
        Assert.Equal(3, read.Counts.Filtered);
        ReadBack all = await ReadBack.FilesAsync(_folder.Write("all.pcap", capture.ToArray()));
        Assert.Equal(all.Sources[0].Fingerprint, read.Sources[0].Fingerprint);
    }

    [Fact]
    public async Task IsCompiledForEachLinkType()
    {
        byte[] ip = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 53, 0, 53, 0, 8, 0, 0];
        byte[] ethernet = [.. new byte[12], 8, 0, .. ip];
        CapturedPacket raw = new(1_000, ip);
        CapturedPacket framed = new(2_000, ethernet);
        CapturedPacket other = new(3_000, new byte[60]);
        PcapngBuilder capture = new PcapngBuilder()
            .Section()
            .Interface(linkType: 1)
            .Interface(linkType: 101)
            .Packet(0, framed)
            .Packet(1, raw)
            .Packet(0, other)
            .Packet(1, other)
            .Packet(0, framed);

        ReadBack read = await FilterAsync("udp port 53", capture);

        Assert.Equal([1, 101, 1], read.Packets.Select(packet => packet.LinkType));
        Assert.Equal(2, read.Counts.Filtered);
    }

    [Fact]
    public void ABadExpressionShowsWhatLibpcapSays()
    {
        FlowPipeException e = Assert.Throws<FlowPipeException>(() => Open("udp port fifty-three"));
        Assert.Contains("udp port fifty-three", e.Message, StringComparison.Ordinal);
        Assert.Contains("fifty", e.Message.Replace("udp port fifty-three", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnExpressionThatALinkTypeCannotTakeIsDamageOfThatCapture()
    {
        ReadBack read = await FilterAsync("ether host 00:01:02:03:04:05", new PcapBuilder(linkType: 101).AddAll(SamplePackets.Make(3)));
        Assert.Empty(read.Packets);
        Assert.Contains("link type 101", Assert.Single(read.Damage), StringComparison.Ordinal);
    }

    private static void Open(string bpf)
    {
        using FilePacketReader reader = new(new FileReaderSettings { Inputs = [], Bpf = bpf });
    }

    private Task<ReadBack> FilterAsync(string bpf, CaptureBuilder capture) =>
        ReadBack.RunAsync(new FileReaderSettings { Inputs = [new CaptureInput(_folder.Write("a", capture.ToArray()))], Bpf = bpf });
}
