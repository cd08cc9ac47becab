using FlowPipe.Core.Sessions;
using FlowPipe.Parsers;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>What makes sessions besides TCP, UDP, ICMP and SCTP: how many, of which packets, and what they say.</summary>
public sealed class ProtocolTests
{
    private const string A = "10.0.0.1";
    private const string B = "10.0.0.2";
    private const string A6 = "2001:db8::1";
    private const string B6 = "2001:db8::2";

    [Fact]
    public async Task ArpByTheAddressThatIsAskedFor()
    {
        IReadOnlyList<GatheredRecord> records = await RunAsync(
            Ethernet(0x0806, Arp(1, A, B)),
            Ethernet(0x0806, Arp(2, B, A)),
            Ethernet(0x0806, Arp(1, B, A))
        );
        Assert.Equal(["arp 2", "arp 1"], Summary(records));
        GatheredRecord first = records[0];
        Assert.Equal(
            ("", 0L, 0x0806L, ""),
            (first.Ip("ip.src"), first.Long("ip.protocol"), first.Long("ethertype"), first.Text("communityId"))
        );
        Assert.StartsWith("0:", first.Key, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ArpThatIsCutShortIsCorrupt()
    {
        GatheredRecord record = Assert.Single(await RunAsync(Ethernet(0x0806, Arp(1, A, B)[..27]), Ethernet(0x0806, Arp(3, A, B))));
        Assert.Equal(("corrupt-ether", 2L), (record.Texts("protocols"), record.Long("packets")));
    }

    [Fact]
    public async Task AllOfALinkLocalProtocolIsOneSession()
    {
        IReadOnlyList<GatheredRecord> records = await RunAsync(
            EthernetIp(2, A, "224.0.0.1", new byte[8]),
            EthernetIp(2, B, "224.0.0.22", new byte[8]),
            EthernetIp(103, A, "224.0.0.13", new byte[8]),
            EthernetIp(103, A6, "ff02::d", new byte[8]),
            Ethernet(0x88CC, new byte[20]),
            Ethernet(0x88CC, new byte[30], source: "02:00:00:00:00:77")
        );
        Assert.Equal(["igmp 2", "pim 2", "lldp 2"], Summary(records));
        // the addresses of the first packet, but no Community ID: there is more than one pair
        Assert.Equal(
            (A, "224.0.0.1", "", 2L),
            (records[0].Ip("ip.src"), records[0].Ip("ip.dst"), records[0].Text("communityId"), records[0].Long("packets.src"))
        );
    }

    [Fact]
    public async Task Ospf()
    {
        GatheredRecord record = Assert.Single(
            await RunAsync(
                EthernetIp(89, A, B, [2, 1, 0, 24, 10, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, .. new byte[8]]),
                Back(89, [2, 2, 0, 24, 10, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 1, .. new byte[8]]),
                EthernetIp(89, A, B, [2, 99, 0, 24, 255, 255, 255, 255, 0, 0, 0, 7, 0, 0, 0, 2, .. new byte[8]]),
                EthernetIp(89, A, B, [2, 1])
            )
        );
        Assert.Equal(("ospf", 3L, 1L), (record.Texts("protocols"), record.Long("packets.src"), record.Long("packets.dst")));
        Assert.Equal("Hello DBDesc unk-99", record.Texts("ospf.msgType"));
        Assert.Equal(("10.0.0.1 10.0.0.2 255.255.255.255", "0.0.0.7"), (record.Texts("ospf.routerId"), record.Texts("ospf.areaId")));
        Assert.Equal("ospf:auth-null ospf:auth-simple", record.Texts("tags"));
        Assert.NotEqual("", record.Text("communityId"));
    }

    [Theory]
    [InlineData("true", "esp 2")]
    [InlineData("false", "unknown-ip 1", "unknown-ip 1")]
    public async Task EspAsIsSet(string track, params string[] expected)
    {
        byte[][] frames = [EthernetIp(50, A, B, new byte[40]), Back(50, new byte[24])];
        IReadOnlyList<GatheredRecord> records = await RunAsync(("trackESP", track), frames);
        Assert.Equal(expected, Summary(records));
        Assert.Equal(track == "true" ? 32 + 16 : 0, records[0].Long("databytes"));
        // both ways have the same Community ID, which for ESP knows no ports
        Assert.Single(records.Select(record => record.Text("communityId")).Distinct());
    }

    [Fact]
    public async Task Unknown()
    {
        IReadOnlyList<GatheredRecord> records = await RunAsync(
            Ethernet(0x9000, new byte[46]),
            Ethernet(0x9000, new byte[46]),
            Ethernet(0x9001, new byte[46]),
            EthernetIp(253, A, B, new byte[8]),
            EthernetIp(253, A, B, new byte[9]),
            EthernetIp(254, A6, B6, new byte[8]),
            Ethernet(IPv4Type, new byte[5]),
            EthernetIp(UdpNumber, A, B, new byte[7]),
            EthernetIp(UdpNumber, A6, B6, new byte[7])
        );
        Assert.Equal(
            ["unknown-ether 2", "unknown-ether 1", "unknown-ip 2", "unknown-ip 1", "corrupt-ether 1", "corrupt-ip 1", "corrupt-ip 1"],
            Summary(records)
        );
        Assert.Equal((A6, 254L), (records[3].Ip("ip.src"), records[3].Long("ip.protocol")));
    }

    [Theory]
    [InlineData("-corrupt")]
    [InlineData("ether:36864 -ip:all", "unknown-ether 1")]
    [InlineData("ether:all -ether:36864 ip:253", "unknown-ip 1")]
    [InlineData("corrupt", "corrupt-ether 1")]
    [InlineData("all", "unknown-ether 1", "unknown-ip 1")]
    public async Task UnknownAsIsSet(string setting, params string[] expected) =>
        Assert.Equal(
            expected,
            Summary(
                await RunAsync(
                    ("saveUnknownPackets", setting),
                    [Ethernet(0x9000, new byte[46]), EthernetIp(253, A, B, new byte[8]), Ethernet(IPv4Type, new byte[5])]
                )
            )
        );

    [Fact]
    public async Task ADisabledParserIsNotThere() =>
        Assert.Equal(["unknown-ether 1"], Summary(await RunAsync(("disableParsers", "arp lldp"), [Ethernet(0x0806, Arp(1, A, B))])));

    /// <summary>Any piece of any frame: no exception, and every packet in one counter.</summary>
    [Fact]
    public async Task PiecesOfFrames()
    {
        byte[][] whole =
        [
            Ethernet(0x0806, Arp(1, A, B)),
            EthernetIp(89, A, B, [2, 1, .. new byte[22]]),
            EthernetIp(50, A6, B6, new byte[40]),
            Ethernet(0x88CC, new byte[20], tags: [(Dot1q, 5)]),
            EthernetIp(253, A6, B6, new byte[8]),
        ];
        byte[][] pieces = [.. whole.SelectMany(frame => Enumerable.Range(0, frame.Length + 1).Select(length => frame[..length]))];
        foreach (int linkType in (int[])[0, 1, 101, 113, 276])
            Assert.NotEmpty(await RunAsync(("", ""), pieces, linkType));
    }

    private static byte[] Arp(int operation, string sender, string target) =>
        [0, 1, 8, 0, 6, 4, .. U16(operation), .. Mac(MacA), .. Address(sender), .. new byte[6], .. Address(target)];

    private static byte[] Back(byte protocol, byte[] payload) => EthernetIp(protocol, B, A, payload);

    private static IEnumerable<string> Summary(IReadOnlyList<GatheredRecord> records) =>
        records.Select(record => $"{record.Texts("protocols")} {record.Long("packets")}");

    private static Task<IReadOnlyList<GatheredRecord>> RunAsync(params byte[][] frames) => RunAsync(("", ""), frames);

    private static async Task<IReadOnlyList<GatheredRecord>> RunAsync(
        (string Name, string Value) setting,
        byte[][] frames,
        int linkType = 1
    )
    {
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(
            [new MemorySource([.. frames.Select((frame, i) => new CapturedPacket(i, frame))], linkType)],
            new SessionSettings
            {
                Parsers =
                    setting.Name.Length == 0
                        ? new Dictionary<string, string>()
                        : new Dictionary<string, string> { [setting.Name] = setting.Value },
            },
            plugins:
            [
                new ArpPlugin(),
                new IgmpPlugin(),
                new PimPlugin(),
                new OspfPlugin(),
                new EspPlugin(),
                new LldpPlugin(),
                new UnknownPlugin(),
            ]
        );
        return [.. records.OrderBy(record => record.Long("first_packet_ns"))];
    }
}
