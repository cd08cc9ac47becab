using FlowPipe.Abstractions;
using FlowPipe.Core;
using FlowPipe.Core.Enqueue.Drops;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Enqueue.Drops;

public sealed class DropListTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("10.0.0.1", PacketRc.IpDropped)] // the source
    [InlineData("10.0.0.2=drop", PacketRc.IpDropped)] // the destination
    [InlineData("10.0.0.3", PacketRc.DoProcess)]
    [InlineData("10.0.0.9/29", PacketRc.DoProcess)]
    [InlineData("10.0.0.5/29", PacketRc.IpDropped)] // bits beyond the prefix do not count
    [InlineData("0.0.0.0/0", PacketRc.IpDropped)]
    [InlineData("::/0", PacketRc.DoProcess)] // the other family
    [InlineData("10.0.0.0/8 10.0.0.0/24=allow", PacketRc.DoProcess)]
    [InlineData("10.0.0.0/8=allow 10.0.0.0/24", PacketRc.IpDropped)]
    [InlineData("10.0.0.0/8 10.0.0.1=allow", PacketRc.IpDropped)] // the destination still is
    [InlineData("10.0.0.1 10.0.0.1=allow", PacketRc.DoProcess)] // the last one
    [InlineData(":1000", PacketRc.IpPortDropped)]
    [InlineData(":53", PacketRc.IpPortDropped)]
    [InlineData(":54", PacketRc.DoProcess)]
    [InlineData("10.0.0.1:1000", PacketRc.IpPortDropped)]
    [InlineData("10.0.0.2:53", PacketRc.IpPortDropped)]
    [InlineData("10.0.0.1:53", PacketRc.DoProcess)] // that is the other's port
    [InlineData("10.0.0.0/24:53", PacketRc.IpPortDropped)]
    [InlineData("[10.0.0.0/24]:53", PacketRc.IpPortDropped)]
    [InlineData(":53 10.0.0.2:53=allow", PacketRc.DoProcess)]
    public async Task EntriesOfIPv4(string entries, PacketRc expected) =>
        await CheckAsync(
            entries,
            PacketBuilder.EthernetIp(PacketBuilder.UdpNumber, "10.0.0.1", "10.0.0.2", PacketBuilder.Udp(1000, 53, [1])),
            expected
        );

    [Theory]
    [InlineData("2001:db8::1", PacketRc.IpDropped)]
    [InlineData("2001:db8::/32=drop", PacketRc.IpDropped)]
    [InlineData("[2001:db8::2]:443", PacketRc.IpPortDropped)]
    [InlineData("[2001:db8::/64]:443=drop", PacketRc.IpPortDropped)]
    [InlineData(":443", PacketRc.IpPortDropped)]
    [InlineData("2001:db8::3", PacketRc.DoProcess)]
    [InlineData("0.0.0.0/0", PacketRc.DoProcess)]
    public async Task EntriesOfIPv6(string entries, PacketRc expected) =>
        await CheckAsync(
            entries,
            PacketBuilder.EthernetIp(PacketBuilder.TcpNumber, "2001:db8::1", "2001:db8::2", PacketBuilder.Tcp(1000, 443, 1, 0, 2, [])),
            expected
        );

    [Fact]
    public async Task WhatHasNoPortsIsNotAskedForThem() =>
        await CheckAsync(
            ":2048 :0",
            PacketBuilder.EthernetIp(PacketBuilder.IcmpNumber, "10.0.0.1", "10.0.0.2", PacketBuilder.Icmp(8, 0, [0, 0, 0, 0])),
            PacketRc.DoProcess
        );

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0")]
    [InlineData("10.0.0.1.2")]
    [InlineData("010.0.0.1")]
    [InlineData("10.0.0.256")]
    [InlineData("10.0.0.1/33")]
    [InlineData("10.0.0.1/-1")]
    [InlineData("10.0.0.1/")]
    [InlineData("::1/129")]
    [InlineData("fe80::1%eth0")]
    [InlineData("10.0.0.1=maybe")]
    [InlineData("10.0.0.1:65536")]
    [InlineData(":")]
    [InlineData(":x")]
    [InlineData("[::1]")]
    [InlineData("[::1]443")]
    [InlineData("[::1")]
    [InlineData("example.org")]
    public void WhatIsNoEntryIsRefused(string text)
    {
        Assert.False(DropListReader.IsEntry(text));
        string file = _folder.Write("list", System.Text.Encoding.UTF8.GetBytes($"# first\n10.0.0.1\n{text} x\n"));
        FlowPipeException e = Assert.Throws<FlowPipeException>(() =>
            DropListReader.Read(new PacketSettings { PacketDropIpsFiles = [file] })
        );
        Assert.Contains($"{file}:3", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FilesHaveCommentsAndEmptyLines()
    {
        string file = _folder.Write("list", "# our own scanners\n\n 10.1.0.0/16=drop  # all of it\n10.1.2.3=allow\n"u8);
        DropLists? lists = DropListReader.Read(new PacketSettings { PacketDropIps = [":53"], PacketDropIpsFiles = [file] });
        Assert.Equal(4, lists!.Entries); // a port alone is one of each family
        Assert.Null(DropListReader.Read(new PacketSettings()));
        FlowPipeException e = Assert.Throws<FlowPipeException>(() =>
            DropListReader.Read(new PacketSettings { PacketDropIpsFiles = [file + ".not"] })
        );
        Assert.Contains(file + ".not", e.Message, StringComparison.Ordinal);
    }

    /// <summary>While packets go on, another thread replaces the lists: each batch sees the one or the other.</summary>
    [Fact]
    public async Task ListsAreReplacedWhileItRuns()
    {
        DropLists? list = DropListReader.Read(new PacketSettings { PacketDropIps = ["10.0.0.1"] });
        var lists = new Snapshot<DropLists>(null);
        CapturedPacket packet = new(
            0,
            PacketBuilder.EthernetIp(PacketBuilder.UdpNumber, "10.0.0.1", "10.0.0.2", PacketBuilder.Udp(1, 2, []))
        );
        var reader = new MemoryReader(new MemorySource([.. Enumerable.Repeat(packet, 70)])) { Endless = EndOfEndless.Returns };
        using var run = new SessionRun(reader, new GatheringSink(), dropLists: lists);
        using var stop = new CancellationTokenSource();
        Task running = run.RunAsync(stop.Token);
        while (!running.IsCompleted && reader.Counts.Packets < 700)
            await Task.Yield();
        for (int i = 0; i < 200; i++)
            lists.Replace(i % 2 == 0 ? list : null);
        lists.Replace(list);
        long before = reader.Counts.Packets;
        // beyond all that was on its way
        while (!running.IsCompleted && reader.Counts.Packets < before + 70_000)
            await Task.Yield();
        await stop.CancelAsync();
        await running;
        run.AssertBalanced();
        Assert.InRange(run.Verdicts[(int)PacketRc.IpDropped], 1, reader.Counts.Packets - 1);
    }

    private static async Task CheckAsync(string entries, byte[] frame, PacketRc expected)
    {
        var reader = new MemoryReader(new MemorySource([new CapturedPacket(1_000_000_000, frame)]));
        using var run = new SessionRun(reader, new GatheringSink(), packets: new PacketSettings { PacketDropIps = entries.Split(' ') });
        await run.RunAsync();
        run.AssertBalanced();
        Assert.Equal(1, run.Verdicts[(int)expected]);
    }
}
