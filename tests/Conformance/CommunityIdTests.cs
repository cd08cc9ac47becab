using System.Net;
using Avro.Generic;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Conformance.TestSupport;
using PacketDotNet;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// Community IDs against the specification's own tables and those of other programs. A tuple becomes a packet, made by PacketDotNet, and goes
/// through the whole pipeline.
/// </summary>
public sealed class CommunityIdTests
{
    private const int RawIp = 101;
    private const byte Icmp = 1;
    private const byte Tcp = 6;
    private const byte Udp = 17;
    private const byte IcmpV6 = 58;
    private const byte Sctp = 132;

    private sealed record Flow(byte Protocol, IPAddress Source, IPAddress Destination, ushort SourcePort, ushort DestinationPort, int Seed);

    [Fact]
    public async Task Tuples()
    {
        string table = Repository.Shared("corpus", "community-id", "tuples.tsv");
        List<string> wrong = [];
        int checks = 0;
        // proto saddr daddr sport dport seed base64 community_id source note
        foreach (string[] row in Rows(table))
        {
            // the specification also has a form in hexadecimal, which nobody sends
            byte[] expected = row[6] == "1" ? Convert.FromBase64String(row[7][2..]) : Convert.FromHexString(row[7][2..]);
            var flow = new Flow(
                Number(row[0]),
                IPAddress.Parse(row[1]),
                IPAddress.Parse(row[2]),
                Port(row[3]),
                Port(row[4]),
                int.Parse(row[5])
            );
            await CheckAsync(flow, "1:" + Convert.ToBase64String(expected), wrong);
            checks++;
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(checks > 100, $"{checks} tuples");
    }

    [Fact]
    public async Task FlowsOfOtherPrograms()
    {
        string table = Repository.Shared("corpus", "community-id", "expected.tsv");
        List<string> wrong = [];
        int checks = 0;
        // pcap saddr sport daddr dport proto seed community_id source cross_check
        foreach (string[] row in Rows(table).Where(static row => row[1].Length > 0 && row[5].Length > 0))
        {
            var flow = new Flow(
                Number(row[5]),
                IPAddress.Parse(row[1]),
                IPAddress.Parse(row[3]),
                Port(row[2]),
                Port(row[4]),
                int.Parse(row[6])
            );
            await CheckAsync(flow, row[7], wrong);
            checks++;
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(checks > 40, $"{checks} flows");
    }

    [Fact]
    public async Task Captures()
    {
        string folder = Repository.Shared("corpus", "community-id");
        string[][] rows = [.. Rows(Path.Combine(folder, "expected.tsv"))];
        // A session is all ICMP between two addresses, where others make one of each type: its id is that of its first packet. The others are
        // checked one by one, as tuples.
        HashSet<string> notSessions = [.. rows.Where(static row => row[5] is "1" or "58").Select(static row => row[7])];
        List<string> wrong = [];
        foreach (var capture in rows.GroupBy(static row => (Name: row[0], Seed: int.Parse(row[6]))))
        {
            var run = new InProcessRun
            {
                Reading = ReadingVariants.Default(Path.Combine(folder, "pcap", capture.Key.Name)),
                Sessions = new SessionSettings { CommunityIdSeed = capture.Key.Seed },
            };
            HashSet<string> ids = [.. (await run.AvroAsync()).Decode().Select(IdOf).Where(static id => id.Length > 0)];
            HashSet<string> expected = [.. capture.Select(static row => row[7]).Where(static id => id != "(none)")];
            wrong.AddRange(
                expected.Where(id => !ids.Contains(id) && !notSessions.Contains(id)).Select(id => $"{capture.Key}: {id} is missing")
            );
            if (expected.Count == 0 && ids.Count > 0)
                wrong.Add($"{capture.Key}: {string.Join(' ', ids)}, but what has no addresses has no Community ID");
            Assert.True(expected.Count == 0 || ids.Overlaps(expected), $"{capture.Key}: none of its ids was made");
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static async Task CheckAsync(Flow flow, string expected, List<string> wrong)
    {
        string actual = await ThroughPipelineAsync(flow);
        if (actual != expected)
            wrong.Add($"{flow}: {actual}, not {expected}");
    }

    private static async Task<string> ThroughPipelineAsync(Flow flow)
    {
        byte[] capture = PcapFile.Write(
            [new CapturedPacket(1_700_000_000_000_000_000, PacketOf(flow), (uint)PacketOf(flow).Length)],
            RawIp
        );
        var run = new InProcessRun
        {
            Reading = ReadingVariants.Default("-") with { OpenStandardInput = () => new MemoryStream(capture, writable: false) },
            Sessions = new SessionSettings { CommunityIdSeed = flow.Seed },
        };
        return IdOf(Assert.Single((await run.AvroAsync()).Decode()));
    }

    private static byte[] PacketOf(Flow flow)
    {
        bool v6 = flow.Source.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        IPPacket ip = v6 ? new IPv6Packet(flow.Source, flow.Destination) : new IPv4Packet(flow.Source, flow.Destination);
        switch (flow.Protocol)
        {
            case Tcp:
                ip.PayloadPacket = new TcpPacket(flow.SourcePort, flow.DestinationPort) { Synchronize = true };
                break;
            case Udp:
                ip.PayloadPacket = new UdpPacket(flow.SourcePort, flow.DestinationPort) { PayloadData = [1, 2, 3, 4] };
                break;
            case Sctp:
                // common header (RFC 9260 section 3.1): ports, verification tag, checksum; then a COOKIE ACK chunk
                ip.PayloadData = [.. BigEndian(flow.SourcePort), .. BigEndian(flow.DestinationPort), 0, 0, 0, 1, 0, 0, 0, 0, 11, 0, 0, 4];
                break;
            default:
                // type, code, checksum, rest of the header. What stands for the destination port is the code where the type has no answer, and
                // else the answer's type, which the packet does not hold.
                byte code = (byte)(HasAnswer(flow) ? 0 : flow.DestinationPort);
                ip.PayloadData = [(byte)flow.SourcePort, code, 0, 0, 0, 0, 0, 0];
                break;
        }
        ip.Protocol = (ProtocolType)flow.Protocol;
        ip.UpdateCalculatedValues();
        return ip.Bytes;
    }

    private static bool HasAnswer(Flow flow) =>
        flow.Protocol == IcmpV6 ? flow.SourcePort is >= 128 and <= 136 : flow is { Protocol: Icmp, SourcePort: 0 or 8 };

    private static byte[] BigEndian(ushort value) => [(byte)(value >> 8), (byte)value];

    private static string IdOf(GenericRecord record) => (string)((GenericRecord)record["network"])["community_id"];

    private static IEnumerable<string[]> Rows(string path) => File.ReadLines(path).Skip(1).Select(static line => line.Split('\t'));

    private static byte Number(string protocol) =>
        protocol switch
        {
            "TCP" => Tcp,
            "UDP" => Udp,
            _ => byte.Parse(protocol),
        };

    private static ushort Port(string port) => port == "-" ? (ushort)0 : ushort.Parse(port);
}
