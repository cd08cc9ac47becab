using System.Globalization;
using System.Text.Json;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// The flows of corpus/flows against those that tshark makes without idle timeouts: for every pair of ends the packets and bytes each way. Timeouts cut
/// a flow into several sessions and lose nothing, so the sums must be equal with them and without; without them the number of sessions must be, too.
/// tuple-exceptions.tsv names what differs for another reason.
/// </summary>
public sealed class TupleTests
{
    private const int Day = 86_400;

    private static readonly SessionSettings WithoutTimeouts = new()
    {
        TcpTimeout = Day,
        TcpClosingTimeout = Day,
        TcpSaveTimeout = Day,
        UdpTimeout = Day,
        IcmpTimeout = Day,
        SctpTimeout = Day,
        MaxPackets = 1_000_000,
    };

    public static TheoryData<string> Names
    {
        get
        {
            string tuples = Path.GetFullPath(Repository.Path("..", "shared", "corpus", "flows", "tuples"));
            return Directory.Exists(tuples) ? [.. Directory.GetFiles(tuples).Select(static path => Path.GetFileName(path)[..^4])] : [""];
        }
    }

    /// <summary>What went between two ends.</summary>
    private sealed class Flow
    {
        private readonly SortedDictionary<string, (long Packets, long Bytes)> _ways = new(StringComparer.Ordinal);

        public HashSet<string> Sessions { get; } = new(StringComparer.Ordinal);

        public void Add(string source, long packets, long bytes)
        {
            if (packets == 0)
                return;
            (long packetsBefore, long bytesBefore) = _ways.GetValueOrDefault(source);
            _ways[source] = (packetsBefore + packets, bytesBefore + bytes);
        }

        public override string ToString() =>
            string.Join(", ", _ways.Select(static way => $"{way.Key} {way.Value.Packets} packets {way.Value.Bytes} bytes"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task FlowsAreTsharks(string name)
    {
        Assert.SkipWhen(name.Length == 0, "../shared/corpus/flows is absent");
        SortedDictionary<string, Flow> expected = OfTuples(Repository.Shared("corpus", "flows", "tuples", name + ".tsv"));
        string capture = Repository.Shared("corpus", "flows", "pcap", name);
        Dictionary<string, string> excepted = Exceptions();

        List<string> differences = [];
        foreach (SessionSettings settings in (SessionSettings[])[WithoutTimeouts, new()])
        {
            bool timeouts = settings != WithoutTimeouts;
            SortedDictionary<string, Flow> actual = await OfRunAsync(capture, settings);
            foreach (string key in expected.Keys.Union(actual.Keys))
            {
                Flow? there = expected.GetValueOrDefault(key);
                Flow? here = actual.GetValueOrDefault(key);
                if (there?.ToString() != here?.ToString())
                    differences.Add($"{(timeouts ? "with" : "without")} timeouts: tshark {there}; we {here}");
                else if (!timeouts && there!.Sessions.Count != here!.Sessions.Count)
                    differences.Add($"tshark makes {there.Sessions.Count} of {there}; we {here.Sessions.Count}");
            }
        }
        Assert.True(excepted.ContainsKey(name) || differences.Count == 0, string.Join('\n', differences.Take(20)));
        Assert.True(expected.Count > 0 || excepted.ContainsKey(name), "there are no flows to compare");
    }

    [Fact]
    public void ExceptionsAreCaptures()
    {
        Repository.Shared("corpus", "flows", "tuples");
        Assert.Subset(Names.Select(static row => row.Data).ToHashSet(), Exceptions().Keys.ToHashSet());
    }

    private static Dictionary<string, string> Exceptions() =>
        File.ReadLines(Repository.Path("tests", "Conformance", "tuple-exceptions.tsv"))
            .Where(static line => !line.StartsWith('#'))
            .Select(static line => line.Split('\t'))
            .ToDictionary(static columns => columns[0], static columns => columns[1]);

    private static SortedDictionary<string, Flow> OfTuples(string path)
    {
        var flows = new SortedDictionary<string, Flow>(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(path).Skip(1))
        {
            string[] row = line.Split('\t');
            if (row[0].StartsWith("ip", StringComparison.Ordinal))
                continue; // protocols that have no ports of their own: their mprotocols are tested with them
            string source = End(row[0], row[2], row[3]);
            string destination = End(row[0], row[4], row[5]);
            Flow flow = Between(flows, source, destination);
            flow.Sessions.Add(row[1]);
            flow.Add(source, Number(row[6]), Number(row[7]));
            flow.Add(destination, Number(row[8]), Number(row[9]));
        }
        return flows;
    }

    private static async Task<SortedDictionary<string, Flow>> OfRunAsync(string capture, SessionSettings settings)
    {
        await using var sink = new CollectingSink(avro: false, json: true);
        await new InProcessRun
        {
            Reading = ReadingVariants.Default(capture),
            Partitions = 2,
            Sessions = settings,
        }.IntoAsync(sink);
        var flows = new SortedDictionary<string, Flow>(StringComparer.Ordinal);
        foreach (byte[] json in sink.Json)
        {
            using JsonDocument parsed = JsonDocument.Parse(json);
            JsonElement document = parsed.RootElement;
            string? protocol = document.GetProperty("ipProtocol").GetInt32() switch
            {
                1 => "icmp",
                6 => "tcp",
                17 => "udp",
                58 => "icmpv6",
                132 => "sctp",
                _ => null,
            };
            if (protocol is null)
                continue;
            JsonElement source = document.GetProperty("source");
            JsonElement destination = document.GetProperty("destination");
            Flow flow = Between(flows, End(protocol, source), End(protocol, destination));
            flow.Sessions.Add(Root(document));
            foreach (JsonElement end in (JsonElement[])[source, destination])
                flow.Add(End(protocol, end), end.GetProperty("packets").GetInt64(), end.GetProperty("bytes").GetInt64());
        }
        return flows;
    }

    /// <summary>Segments of a long session have their first one's id.</summary>
    private static string Root(JsonElement document) =>
        document.TryGetProperty("rootId", out JsonElement root)
            ? root.GetString()!
            : document.GetProperty("flowpipe").GetProperty("id").GetString()!;

    private static Flow Between(SortedDictionary<string, Flow> flows, string source, string destination)
    {
        string key = string.CompareOrdinal(source, destination) < 0 ? $"{source} - {destination}" : $"{destination} - {source}";
        if (!flows.TryGetValue(key, out Flow? flow))
            flows.Add(key, flow = new Flow());
        return flow;
    }

    private static string End(string protocol, JsonElement end) =>
        End(protocol, end.GetProperty("ip").GetString()!, end.GetProperty("port").GetInt32().ToString(CultureInfo.InvariantCulture));

    private static string End(string protocol, string ip, string port) =>
        protocol.StartsWith("icmp", StringComparison.Ordinal) ? $"{protocol} {ip}" : $"{protocol} {ip} {port}";

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
