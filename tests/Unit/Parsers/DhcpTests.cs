using FlowPipe.Core.Sessions;
using FlowPipe.Parsers.Dhcp;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Parsers;

public sealed class DhcpTests
{
    private const string Everybody = "255.255.255.255";

    [Fact]
    public async Task AClientIsASessionWhateverItsAddress()
    {
        byte[] discover = Message(1, 0x0EE46F71, [12, 4, .. "Host"u8, 0, 53, 1, 1, 60, 8, .. "MSFT 5.0"u8, 61, 7, 1, 2, 0, 0, 0, 0, 9]);
        byte[] request = Message(1, 0x0EE46F71, [53, 1, 3, 50, 4, 192, 0, 2, 5, 81, 7, 0, 0, 0, .. "PC.d"u8]);
        byte[] wire = Message(1, 0x0EE46F72, [53, 1, 8, 81, 10, 5, 0, 0, 3, .. "web"u8, 1, (byte)'x', 0]);
        IReadOnlyList<GatheredRecord> records = await RunAsync(
            Frame(0, "0.0.0.0", 68, Everybody, 67, discover),
            Frame(1, "192.0.2.1", 67, "192.0.2.5", 68, Message(2, 0x0EE46F71, [53, 1, 2])),
            Frame(2, "0.0.0.0", 68, Everybody, 67, request),
            Frame(3, "192.0.2.5", 68, "192.0.2.1", 67, wire),
            // another client, and something else on the port
            Frame(4, "0.0.0.0", 68, Everybody, 67, Message(1, 1, [53, 1, 1], mac: 7)),
            Frame(5, "192.0.2.9", 68, "192.0.2.1", 67, "not DHCP"u8.ToArray())
        );
        Assert.Equal(["udp dhcp", "udp dhcp", "udp"], records.Select(r => r.Texts("protocols")));
        GatheredRecord record = records[0];
        Assert.Equal("DISCOVER OFFER REQUEST INFORM", record.Texts("dhcp.type"));
        Assert.Equal("host pc.d web.x", record.Texts("dhcp.host"));
        Assert.Equal("ee46f71 ee46f72", record.Texts("dhcp.id"));
        Assert.Equal("02:00:00:00:00:01 02:00:00:00:00:09", record.Texts("dhcp.mac"));
        Assert.Equal("MSFT 5.0", record.Texts("dhcp.classId"));
        Assert.Equal("192.0.2.5", record.Ip("dhcp.requestIp"));
        Assert.Equal("", record.Text("communityId"));
        Assert.Equal(
            ("0.0.0.0", 68L, Everybody, 67L),
            (record.Ip("ip.src"), record.Long("port.src"), record.Ip("ip.dst"), record.Long("port.dst"))
        );
        Assert.Equal((3, 1), (record.Long("packets.src"), record.Long("packets.dst")));
    }

    [Fact]
    public async Task SixIsASessionATransaction()
    {
        byte[] solicit = [1, 0, 0xAB, 0xCD, 0, 16, 0, 14, 0, 0, 1, 0x37, 0, 8, .. "MSFT 5.0"u8];
        byte[] relayed = [12, 0, .. new byte[32], 0, 16, 0, 7, 0, 0, 0, 1, 0, 1, (byte)'r'];
        IReadOnlyList<GatheredRecord> records = await RunAsync(
            Frame(0, "fe80::1", 546, "ff02::1:2", 547, solicit),
            Frame(1, "fe80::2", 547, "fe80::1", 546, [2, 0, 0xAB, 0xCD]),
            Frame(2, "fe80::1", 546, "ff02::1:2", 547, [3, 0, 0xAB, 0xCE]),
            Frame(3, "2001:db8::1", 547, "2001:db8::2", 547, relayed),
            Frame(4, "fe80::1", 546, "ff02::1:2", 547, [99, 0, 0, 1])
        );
        Assert.Equal(["udp dhcpv6", "udp dhcpv6", "udp dhcpv6", "udp"], records.Select(r => r.Texts("protocols")));
        Assert.Equal("SOLICIT ADVERTISE", records[0].Texts("dhcp.type"));
        Assert.Equal("abcd", records[0].Texts("dhcp.id"));
        Assert.Equal("MSFT 5.0", records[0].Texts("dhcp.classId"));
        Assert.Equal((1, 1), (records[0].Long("packets.src"), records[0].Long("packets.dst")));
        Assert.Equal(
            ("RELAY_FORW", "", "r"),
            (records[2].Texts("dhcp.type"), records[2].Texts("dhcp.id"), records[2].Texts("dhcp.classId"))
        );
    }

    [Fact]
    public async Task CutOffAtEveryByte()
    {
        byte[] four = Message(
            1,
            9,
            [12, 4, .. "Host"u8, 81, 10, 5, 0, 0, 3, .. "web"u8, 1, (byte)'x', 0, 61, 7, 1, 2, 0, 0, 0, 0, 9, 50, 4, 1, 2, 3, 4]
        );
        byte[] six = [1, 0, 0xAB, 0xCD, 0, 16, 0, 14, 0, 0, 1, 0x37, 0, 8, .. "MSFT 5.0"u8];
        var packets = new List<CapturedPacket>();
        for (int length = 230; length <= four.Length; length++)
            packets.Add(Frame(packets.Count, "0.0.0.0", 68, Everybody, 67, four[..length]));
        for (int length = 0; length <= six.Length; length++)
            packets.Add(Frame(packets.Count, "fe80::1", 546, "ff02::1:2", 547, six[..length]));
        IReadOnlyList<GatheredRecord> records = await RunAsync([.. packets]);
        Assert.Equal(packets.Count, records.Sum(r => r.Long("packets")));
    }

    [Fact]
    public async Task OtherwiseItsSessionsAreThoseOfUdp()
    {
        byte[] solicit = [1, 0, 0xAB, 0xCD, 0, 16, 0, 14, 0, 0, 1, 0x37, 0, 8, .. "MSFT 5.0"u8];
        IReadOnlyList<GatheredRecord> records = await RunAsync(
            byClient: false,
            Frame(0, "0.0.0.0", 68, Everybody, 67, Message(1, 0x0EE46F71, [53, 1, 1])),
            Frame(1, "192.0.2.1", 67, "192.0.2.5", 68, Message(2, 0x0EE46F71, [53, 1, 2])),
            Frame(2, "192.0.2.9", 68, "192.0.2.1", 67, "not DHCP"u8.ToArray()),
            Frame(3, "192.0.2.9", 68, "192.0.2.1", 67, Message(1, 2, [53, 1, 3])),
            new CapturedPacket(Conversation.Ns(4), EthernetIp(UdpNumber, "fe80::1", "ff02::1:2", Udp(546, 547, solicit)))
        );
        Assert.Equal(["udp dhcp", "udp dhcp", "udp dhcp", "udp dhcpv6"], records.Select(r => r.Texts("protocols")));
        Assert.Equal(["DISCOVER", "OFFER", "REQUEST", "SOLICIT"], records.Select(r => r.Texts("dhcp.type")));
        Assert.All(records, record => Assert.NotEqual("", record.Text("communityId")));
    }

    private static Task<IReadOnlyList<GatheredRecord>> RunAsync(params CapturedPacket[] packets) => RunAsync(byClient: true, packets);

    private static async Task<IReadOnlyList<GatheredRecord>> RunAsync(bool byClient, params CapturedPacket[] packets)
    {
        var sink = new GatheringSink();
        using var run = new SessionRun(
            new MemoryReader(new MemorySource(packets)),
            sink,
            new SessionSettings
            {
                StopOnParserFault = true,
                Parsers = new Dictionary<string, string> { ["dhcpByClient"] = byClient ? "true" : "false" },
            },
            plugins: [new DhcpPlugin()]
        );
        await run.RunAsync();
        run.AssertBalanced();
        return [.. sink.Records.OrderBy(r => r.Positions()[0].Offset)];
    }

    private static CapturedPacket Frame(double at, string source, int sourcePort, string destination, int destinationPort, byte[] data) =>
        new(Conversation.Ns(at), EthernetIp(UdpNumber, source, destination, Udp(sourcePort, destinationPort, data)));

    private static byte[] Message(byte operation, uint id, byte[] options, byte mac = 1) =>
        [
            .. (byte[])[operation, 1, 6, 0, (byte)(id >> 24), (byte)(id >> 16), (byte)(id >> 8), (byte)id],
            .. new byte[20],
            .. (byte[])[2, 0, 0, 0, 0, mac],
            .. new byte[202],
            .. (byte[])[0x63, 0x82, 0x53, 0x63],
            .. options,
            255,
            .. new byte[32],
        ];
}
