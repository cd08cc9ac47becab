using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>What records say of the layers below and beside TCP.</summary>
public sealed class PacketFieldTests
{
    [Fact]
    public async Task MacsOfBothSides()
    {
        Conversation conversation = new Conversation().Udp(0, true).Udp(1, false).Udp(2, true);
        conversation.Frame(3, Ethernet(IPv4Type, IPv4(UdpNumber, "10.0.0.2", "10.0.0.1", Udp(80, 40000, [])), "02:ff:00:00:00:01", MacA));
        GatheredRecord record = await SessionRun.OneAsync(conversation);
        Assert.Equal(MacA, record.Texts("mac.src"));
        Assert.Equal(MacB + " 02:ff:00:00:00:01", record.Texts("mac.dst"));
    }

    [Theory]
    [InlineData(new[] { 5 }, new[] { 0x8100 }, "5", "5", "")]
    [InlineData(new[] { 100, 5 }, new[] { 0x88A8, 0x8100 }, "100 5", "5", "100")]
    [InlineData(new[] { 1, 2, 3 }, new[] { 0x9100, 0x8100, 0x8100 }, "1 2 3", "2 3", "1")]
    [InlineData(new[] { 4095, 4095 }, new[] { 0x8100, 0x8100 }, "4095", "4095", "")]
    [InlineData(new[] { 0 }, new[] { 0x8100 }, "", "", "")] // a priority tag
    public async Task Vlans(int[] ids, int[] types, string all, string customer, string service)
    {
        (ushort, int)[] tags = [.. types.Zip(ids, (type, id) => ((ushort)type, id))];
        byte[] frame = Ethernet(IPv4Type, IPv4(UdpNumber, "10.0.0.1", "10.0.0.2", Udp(1, 2, [7])), tags: tags);
        GatheredRecord record = await SessionRun.OneAsync(new Conversation().Frame(0, frame).Frame(1, frame));
        Assert.Equal((all, customer, service), (record.Longs("vlan"), record.Longs("vlan.dot1q"), record.Longs("vlan.dot1ad")));
        Assert.Equal((0x800L, 2L), (record.Long("ethertype"), record.Long("databytes")));
    }

    [Fact]
    public async Task TtlAndDscpOfBothSides()
    {
        var conversation = new Conversation();
        conversation.Frame(0, Ethernet(IPv4Type, IPv4(UdpNumber, "10.0.0.1", "10.0.0.2", Udp(1, 2, []), ttl: 64, dscp: 46)));
        conversation.Frame(1, Ethernet(IPv4Type, IPv4(UdpNumber, "10.0.0.2", "10.0.0.1", Udp(2, 1, []), ttl: 255)));
        conversation.Frame(2, Ethernet(IPv4Type, IPv4(UdpNumber, "10.0.0.1", "10.0.0.2", Udp(1, 2, []), ttl: 63, dscp: 46)));
        conversation.Frame(3, Ethernet(IPv4Type, IPv4(UdpNumber, "10.0.0.1", "10.0.0.2", Udp(1, 2, []), ttl: 64, dscp: 63)));
        GatheredRecord record = await SessionRun.OneAsync(conversation);
        Assert.Equal(("64 63", "46 63"), (record.Longs("ttl.src"), record.Longs("dscp.src")));
        Assert.Equal(("255", ""), (record.Longs("ttl.dst"), record.Longs("dscp.dst")));
    }

    [Fact]
    public async Task HopLimitAndDscpOfIPv6()
    {
        byte[] frame = Ethernet(IPv6Type, IPv6(UdpNumber, "2001:db8::1", "2001:db8::2", Udp(1, 2, [1, 2, 3]), hopLimit: 1, dscp: 34));
        GatheredRecord record = await SessionRun.OneAsync(new Conversation().Frame(0, frame));
        Assert.Equal(
            ("1", "34", 0x86DDL, 17L),
            (record.Longs("ttl.src"), record.Longs("dscp.src"), record.Long("ethertype"), record.Long("ip.protocol"))
        );
        Assert.Equal(("2001:db8::1", "2001:db8::2", 3L), (record.Ip("ip.src"), record.Ip("ip.dst"), record.Long("databytes")));
    }

    [Fact]
    public async Task Icmp()
    {
        Conversation conversation = new Conversation().Icmp(0, true, 8).Icmp(1, false, 0).Icmp(2, false, 3, 13);
        GatheredRecord record = await SessionRun.OneAsync(conversation);
        Assert.Equal(("8 0 3", "0 13", "icmp"), (record.Longs("icmp.type"), record.Longs("icmp.code"), record.Texts("protocols")));
        Assert.Equal((1L, 2L, 36L), (record.Long("packets.src"), record.Long("packets.dst"), record.Long("databytes")));
    }

    [Fact]
    public async Task IcmpV6()
    {
        Conversation conversation = new Conversation("fe80::1", 0, "fe80::2", 0).Icmp(0, true, 128).Icmp(1, false, 129);
        GatheredRecord record = await SessionRun.OneAsync(conversation);
        Assert.Equal(
            ("128 129", "0", "icmp", 58L),
            (record.Longs("icmp.type"), record.Longs("icmp.code"), record.Texts("protocols"), record.Long("ip.protocol"))
        );
    }

    [Fact]
    public async Task Sctp()
    {
        Conversation conversation = new Conversation()
            .Sctp(0, true, [1, 0, 0, 20, .. new byte[12], .. U32(9)]) // INIT
            .Sctp(1, true, SctpData(46, "hello"u8.ToArray()), SctpData(47, "you"u8.ToArray(), tsn: 10))
            .Sctp(2, false, SctpData(46, "hi"u8.ToArray()), [0, 3, 0xFF, 0xFF]) // the last chunk lies about its length
            .Sctp(3, false, [0, 3, 0, 0]);
        GatheredRecord record = await SessionRun.OneAsync(conversation);
        Assert.Equal(("46 47", "sctp", 80L), (record.Longs("sctp.protoId"), record.Texts("protocols"), record.Long("port.dst")));
        Assert.Equal(("68656c6c6f796f75", "6869"), (record.Text("payload8.src.hex"), record.Text("payload8.dst.hex")));
    }

    [Fact]
    public async Task UdpsPayloadIsTheFirstDatagrams()
    {
        Conversation conversation = new Conversation()
            .Udp(0, true, "")
            .Udp(1, true, "abc")
            .Udp(2, true, "defghijkl")
            .Udp(3, false, "0123456789");
        GatheredRecord record = await SessionRun.OneAsync(conversation);
        Assert.Equal(("616263", "3031323334353637"), (record.Text("payload8.src.hex"), record.Text("payload8.dst.hex")));
        Assert.Equal((12L, 10L), (record.Long("databytes.src"), record.Long("databytes.dst")));
    }

    [Fact]
    public async Task BothEndsTheSame()
    {
        byte[] frame = EthernetIp(UdpNumber, "10.0.0.1", "10.0.0.1", Udp(5, 5, [1]));
        GatheredRecord record = await SessionRun.OneAsync(new Conversation().Frame(0, frame).Frame(1, frame));
        Assert.Equal((2L, 0L), (record.Long("packets.src"), record.Long("packets.dst")));
    }

    [Fact]
    public async Task TheSamePortsTheAddressesTell()
    {
        GatheredRecord record = await SessionRun.OneAsync(
            new Conversation("10.0.0.9", 53, "10.0.0.1", 53).Udp(0, true).Udp(1, false).Udp(2, false)
        );
        Assert.Equal(("10.0.0.9", 1L, 2L), (record.Ip("ip.src"), record.Long("packets.src"), record.Long("packets.dst")));
    }

    [Fact]
    public async Task TagsPositionsAndLengthsAsConfigured()
    {
        Conversation conversation = new Conversation().Udp(0, true);
        var settings = new RecordSettings
        {
            Tags = ["a", "b"],
            Positions = true,
            EnablePacketLen = false,
        };
        GatheredRecord record = await SessionRun.OneAsync(conversation, records: settings);
        Assert.Equal("a b", record.Texts("tags"));
        Assert.Single(record.Positions());
        Assert.Empty(record.PacketLengths());
        record = await SessionRun.OneAsync(conversation, records: settings with { Positions = false });
        Assert.Empty(record.Positions());
        Assert.Equal("", record.Texts("file_uris"));
    }

    [Fact]
    public async Task TimesBefore1970AreRoundedDown()
    {
        GatheredRecord record = await SessionRun.OneAsync(new Conversation().Udp(-1.000_1, true).Udp(-0.000_5, true));
        Assert.Equal((-1001L, -1L, 1000L), (record.Long("first_packet"), record.Long("last_packet"), record.Long("length")));
        Assert.Equal((-1_000_100_000L, -500_000L), (record.Long("first_packet_ns"), record.Long("last_packet_ns")));
    }
}
