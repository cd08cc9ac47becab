using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>
/// Record ids and message keys, as docs/records.md gives them. The constants were computed from that page with another language; they must
/// never change, or what is on a topic already is another record.
/// </summary>
public sealed class RecordIdTests
{
    private const long Time = 1_700_000_000_123_456_789;
    private const string Source = "00112233aabbccdd";

    [Fact]
    public async Task OfUdpOverIPv4()
    {
        GatheredRecord record = await OneAsync(Frame(), new RecordSettings { Node = "sensor-1" });
        Assert.Equal(new Guid("3ba5c367-eb87-9d93-d606-1b57d7f1d1f6"), record.Id);
        Assert.Equal("3ba5c367-eb87-9d93-d606-1b57d7f1d1f6", record.Text("id"));
        Assert.Equal("1:0Z1pC5r4QxZJFCBLA4XJYT6MqeI=", record.Key);
        Assert.Equal(record.Key, record.Text("communityId"));
        Assert.Equal("sensor-1", record.Text("node"));

        // the same by hand: the lesser end first, each end address and port in eight bytes
        byte[] input =
        [
            .. "sensor-1\0"u8,
            .. Encoding.ASCII.GetBytes(Source),
            0,
            .. I64(24), // behind the file's header
            .. I64(Time),
            .. U32(0),
            .. "udp\0"u8,
            0, // tunnels
            .. U16(0),
            .. U16(0),
            .. U32(0),
            .. (byte[])[0, 0, 10, 0, 0, 1, .. U16(40000)],
            .. (byte[])[0, 0, 10, 0, 0, 2, .. U16(80)],
        ];
        Assert.Equal(new Guid(SHA256.HashData(input).AsSpan(0, 16), bigEndian: true), record.Id);
    }

    [Fact]
    public async Task IsTheSameFromTheOtherSide()
    {
        GatheredRecord record = await OneAsync(
            Ethernet(IPv4Type, IPv4(UdpNumber, "10.0.0.2", "10.0.0.1", Udp(80, 40000, [1]))),
            new RecordSettings { Node = "sensor-1" }
        );
        Assert.Equal(new Guid("3ba5c367-eb87-9d93-d606-1b57d7f1d1f6"), record.Id);
        Assert.Equal("10.0.0.2", record.Ip("ip.src"));
    }

    [Fact]
    public async Task OfTheSegmentsOfTcpOverIPv6()
    {
        byte[] frame = EthernetIp(TcpNumber, "2001:db8::2", "2001:db8::1", Tcp(40000, 80, 1, 1, Conversation.Ack, []));
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(
            [new CapturedPacket(Time, frame), new CapturedPacket(Time + 5, frame)],
            new SessionSettings { MaxPackets = 1 }
        );
        var first = new Guid("c202696e-83df-6956-2905-872e8866508f");
        Assert.Equal([first, new Guid("30a2660b-f72c-b473-cc50-1229e90bec1b")], records.Select(record => record.Id));
        Assert.All(records, record => Assert.Equal(first, record.RootId));
        Assert.All(records, record => Assert.Equal("1:xxBXsRexdpQSgL1PGYgYIwayIeU=", record.Key));
        Assert.Equal(["c202696e-83df-6956-2905-872e8866508f"], records.Select(record => record.Text("root_id")).Distinct());
    }

    [Fact]
    public async Task TheSeedOfTheCommunityIdIsASetting()
    {
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(
            [new CapturedPacket(Time, Frame())],
            new SessionSettings { CommunityIdSeed = 4242 }
        );
        Assert.Equal("1:gE7BlGt6ajKdNs0ny23zg2fh8a0=", Assert.Single(records).Key);
    }

    [Theory]
    [InlineData("vlan", new[] { 5 }, "2e632cf5-597f-a221-b2fc-601dc1cb2abf", ";vlan=5")]
    [InlineData("both", new[] { 5, 7 }, "140d5eff-cc0c-b2ce-5a9f-450f3a04196e", ";vlan=5.7")]
    [InlineData("vlan", new[] { 5, 7, 8 }, "140d5eff-cc0c-b2ce-5a9f-450f3a04196e", ";vlan=5.7")] // the third is no part of the key
    public async Task WithVlans(string tracking, int[] vlans, string id, string suffix)
    {
        byte[] frame = Ethernet(
            IPv4Type,
            IPv4(UdpNumber, "10.0.0.1", "10.0.0.2", Udp(40000, 80, [])),
            tags: [.. vlans.Select(vlan => (Dot1q, vlan | 0xE000))] // a priority is no part of an id
        );
        GatheredRecord record = Assert.Single(
            await SessionRun.OfAsync([new CapturedPacket(Time, frame)], new SessionSettings { SessionIdTracking = tracking })
        );
        Assert.Equal((new Guid(id), "1:0Z1pC5r4QxZJFCBLA4XJYT6MqeI=" + suffix), (record.Id, record.Key));
        Assert.Equal("1:0Z1pC5r4QxZJFCBLA4XJYT6MqeI=", record.Text("communityId"));
    }

    [Theory]
    [InlineData("none", 1)]
    [InlineData("vlan", 2)]
    public async Task VlansSeparateSessionsOnlyWhenAskedTo(string tracking, int sessions)
    {
        byte[] ip = IPv4(UdpNumber, "10.0.0.1", "10.0.0.2", Udp(40000, 80, []));
        CapturedPacket[] packets =
        [
            new(Time, Ethernet(IPv4Type, ip, tags: (Dot1q, 5))),
            new(Time, Ethernet(IPv4Type, ip, tags: (Dot1q, 6))),
        ];
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(packets, new SessionSettings { SessionIdTracking = tracking });
        Assert.Equal(sessions, records.Count);
    }

    [Theory]
    [InlineData("vni", false, "43635062-f881-b899-aef9-85eeaecb4197", ";vni=9")]
    [InlineData("both", true, "4bb66eb1-1c07-bfcf-ffb4-efb34dc7a184", ";vlan=5;vni=9")]
    public async Task WithAVni(string tracking, bool vlan, string id, string suffix)
    {
        byte[] frame = Ethernet(IPv4Type, IPv4(253, "10.0.0.1", "10.0.0.2", []), tags: vlan ? [(Dot1ad, 5)] : []);
        GatheredRecord record = await OneAsync(frame, new RecordSettings(), new SessionSettings { SessionIdTracking = tracking });
        Assert.Equal((new Guid(id), "1:9JGvaJKbyhma+x6M/Vp6P7CK7ro=" + suffix), (record.Id, record.Key));
        Assert.Equal("9", record.Longs("vni"));
    }

    [Fact]
    public async Task WithoutAddresses()
    {
        GatheredRecord record = await OneAsync(Ethernet(0x88B5, new byte[46]), new RecordSettings());
        Assert.Equal((new Guid("514032f9-2a48-7ed4-4e6d-b7d764f011c9"), "0:LtIOrVCMlhZwFccuvbnjS/D6k1o="), (record.Id, record.Key));
        Assert.Equal(("", "", 0L), (record.Text("communityId"), record.Ip("ip.src"), record.Long("ip.protocol")));
    }

    private static byte[] Frame() => EthernetIp(UdpNumber, "10.0.0.1", "10.0.0.2", Udp(40000, 80, [1]));

    private static byte[] I64(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    private static async Task<GatheredRecord> OneAsync(byte[] frame, RecordSettings records, SessionSettings? sessions = null)
    {
        var sink = new GatheringSink();
        var reader = new MemoryReader(new MemorySource([new CapturedPacket(Time, frame)], Fingerprint: Source));
        using var run = new SessionRun(reader, sink, sessions, records, plugins: [new Experiments()]);
        await run.RunAsync(TestContext.Current.CancellationToken);
        return Assert.Single(sink.Records);
    }

    /// <summary>IP protocol 253, which has a VNI, and Ethernet type 0x88B5, which has no addresses (both numbers are for experiments).</summary>
    private sealed class Experiments : IFlowPipePlugin
    {
        public string Name => "experiments";

        public void Register(IRegistrar registrar)
        {
            byte ip = registrar.Register(new OverIp());
            byte ethernet = registrar.Register(new OverEthernet());
            registrar.Ip(
                253,
                (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int _) =>
                {
                    packet.Vni = 9;
                    return context.ToSession(ip, ref packet, frame);
                }
            );
            registrar.Ethernet(
                0x88B5,
                (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int _) =>
                    context.ToSession(ethernet, ref packet, frame)
            );
        }
    }

    private sealed class OverIp() : IpMProtocol("experiment", SessionType.Other, "experiment", hasPorts: false);

    private sealed class OverEthernet() : MProtocol("arp-test", SessionType.Other)
    {
        public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id)
        {
            id = new SessionId { Count = 3 };
            id.Words[0] = Number;
            id.Words[1] = 0x0102030405060708;
            id.Words[2] = 0x1112131415161718;
        }

        public override PreProcess PreProcess(Session session, in PacketView packet, bool isNew) => Abstractions.PreProcess.Continue;
    }
}
