using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// The law of packet time (DESIGN law 2) where times are wrong: captures whose packets were shuffled or given false stamps, and several files
/// in one run. Timeouts are short, so that much of what ends a session happens at every packet.
/// </summary>
public sealed class FalseTimesTests
{
    private const long Second = 1_000_000_000;
    private const int Seed = 4;

    private static readonly SessionSettings Short = new()
    {
        TcpTimeout = 20,
        TcpClosingTimeout = 5,
        TcpSaveTimeout = 60,
        UdpTimeout = 10,
        IcmpTimeout = 5,
        SctpTimeout = 10,
        MaxPackets = 25,
    };

    [Fact]
    public async Task ShuffledPacketsAndFalseStamps()
    {
        using var folder = new TemporaryFolder();
        string[] samples = ["dns.pcap", "icmp.pcap", "smtp.pcap", "tls.pcap"];
        var captures = new List<string>();
        foreach (string sample in samples)
        {
            var random = new Random(Seed);
            List<CapturedPacket> packets = FalseTimes.Stretch(PcapFile.Read(Repository.Path("samples", sample), out int link), random);
            foreach (var (name, alter) in FalseTimes.All)
                captures.Add(folder.Write($"{sample}, {name}", PcapFile.Write(alter(packets, random), link)));
        }
        Assert.Equal(20, captures.Count);
        await Determinism.CheckAllAsync(captures, static path => Path.GetFileName(path), CheckAsync, Short);
    }

    /// <summary>The second file begins so many seconds after the end of the first: rotated, late, or before it and then anew.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3_600)]
    [InlineData(-30)]
    [InlineData(-59)]
    [InlineData(-70)]
    [InlineData(-86_400)]
    public async Task TwoFiles(int secondsLater)
    {
        using var folder = new TemporaryFolder();
        List<CapturedPacket> packets = Merged(out int link);
        (List<CapturedPacket> first, List<CapturedPacket> second) = Split(packets);
        long move = secondsLater * Second;
        string[] paths =
        [
            folder.Write("first", PcapFile.Write(first, link)),
            folder.Write("second", PcapFile.Write(second.Select(packet => packet with { TimestampNs = packet.TimestampNs + move }), link)),
        ];
        await Determinism.CheckAllAsync(
            [paths],
            _ => $"second file {secondsLater} s later",
            static (check, paths) => check.CheckAsync("two files", ReadingVariants.Default(paths)),
            Short
        );
    }

    /// <summary>Sessions go on in the next file: a rotated capture has the sessions of the whole one.</summary>
    [Fact]
    public async Task RotatedCaptureHasTheSessionsOfTheWhole()
    {
        using var folder = new TemporaryFolder();
        List<CapturedPacket> packets = Merged(out int link);
        (List<CapturedPacket> first, List<CapturedPacket> second) = Split(packets);
        string whole = folder.Write("whole", PcapFile.Write(packets, link));
        string[] rotated = [folder.Write("first", PcapFile.Write(first, link)), folder.Write("second", PcapFile.Write(second, link))];

        string[] expected = await SessionsAsync(whole);
        string[] actual = await SessionsAsync(rotated);
        Assert.Equal(expected, actual);

        // A file that begins more than a minute before the end of the one before it is not its next: sessions end between them.
        string back = folder.Write(
            "back",
            PcapFile.Write(second.Select(static packet => packet with { TimestampNs = packet.TimestampNs - (120 * Second) }), link)
        );
        string[] cut = await SessionsAsync(rotated[0], back);
        Assert.True(cut.Length > expected.Length, $"{cut.Length} records of sessions cut in two, {expected.Length} of whole ones");
    }

    private static Task CheckAsync(Determinism check, string path) =>
        check.CheckAsync(Path.GetFileName(path), ReadingVariants.Default(path));

    private static async Task<string[]> SessionsAsync(params string[] paths)
    {
        var run = new InProcessRun { Reading = ReadingVariants.Default(paths), Sessions = Short };
        return [.. (await run.AvroAsync()).Decode().Select(Describe).Order(StringComparer.Ordinal)];

        // ids and positions name the file
        static string Describe(Avro.Generic.GenericRecord record)
        {
            var network = (Avro.Generic.GenericRecord)record["network"];
            return $"{network["community_id"]} {network["packets"]} packets, {network["bytes"]} bytes, "
                + $"{record["first_packet_ns"]} to {record["last_packet_ns"]}, segment {record["segment"]}, {record["end_reason"]}";
        }
    }

    /// <summary>All that the samples have on Ethernet, as one capture of a busy link.</summary>
    private static List<CapturedPacket> Merged(out int link)
    {
        link = 0;
        const long Begin = 1_700_000_000 * Second;
        var packets = new List<CapturedPacket>();
        foreach (string sample in (string[])["dns.pcap", "http.pcap", "icmp.pcap", "sctp.pcap", "smtp.pcap", "vlan.pcap"])
        {
            List<CapturedPacket> own = FalseTimes.Stretch(PcapFile.Read(Repository.Path("samples", sample), out link), new Random(Seed));
            long move = Begin - own[0].TimestampNs;
            packets.AddRange(own.Select(packet => packet with { TimestampNs = packet.TimestampNs + move }));
        }
        return [.. packets.OrderBy(static packet => packet.TimestampNs)];
    }

    private static (List<CapturedPacket> First, List<CapturedPacket> Second) Split(List<CapturedPacket> packets) =>
        (packets[..(packets.Count / 2)], packets[(packets.Count / 2)..]);
}
