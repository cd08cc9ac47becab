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
}
