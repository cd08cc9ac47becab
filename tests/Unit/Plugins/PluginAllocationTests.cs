using FlowPipe.Tests.Unit.TestSupport;
using Watch;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Plugins;

/// <summary>DESIGN law 3 for plugins: what stands around them, counters, own fields and save hooks allocate nothing for a packet or a record.</summary>
public sealed class PluginAllocationTests : IDisposable
{
    private const int Packets = 2_000;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheExampleAllocatesNothingForAPacket()
    {
        byte[] ip = IPv4(UdpNumber, "10.0.0.1", "10.0.0.2", Udp(1, 2, [1, 2, 3]));
        byte[] bridge = [0x42, 0x42, 3, 0, 0, 0, 0, 0, 0x80, 1, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0, 0, 0, 4];
        byte[][] frames =
        [
            Ethernet(0x88B5, [0, 7, 8, 0, .. ip]),
            Ethernet((ushort)bridge.Length, bridge),
            EthernetIp(112, "192.0.2.1", "224.0.0.18", [0x31, 5, 100, 1, 0, 100, 0, 0]),
            EthernetIp(112, "192.0.2.2", "224.0.0.18", [0x31, 6, 200, 1, 0, 100, 0, 0]),
        ];
        var capture = new PcapBuilder();
        for (int i = 0; i < Packets; i++)
            capture.Add(new CapturedPacket(Conversation.Ns(1_000 + i / 100), frames[i % frames.Length]));
        _folder.Write("watch.pcap", capture.ToArray());
        using var pass = new PartitionPass(Path.Combine(_folder.Path, "watch.pcap"), [new WatchPlugin()], stop: false);
        Allocation allocation = pass.Measure();
        Assert.Equal(frames.Length, allocation.Sessions);
        Assert.Equal(allocation.KeyBytes, allocation.Bytes);
    }
}
