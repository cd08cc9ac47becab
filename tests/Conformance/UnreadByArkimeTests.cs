using System.Text.Json;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// Captures of <c>corpus/encapsulation</c> that Arkime can't read have no documents: there, FlowPipe's sessions are compared with the innermost
/// conversations of TCP, UDP and SCTP that tshark finds: packets each way between the same two ends.
/// </summary>
public sealed class UnreadByArkimeTests
{
    /// <summary>What may differ, and why. Those that do not must be taken off.</summary>
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["tcpdump__brcm-tag.pcap"] = "tshark 4.0 can't read the link type",
        ["tcpdump__brcm-tag-prepend.pcap"] = "tshark 4.0 can't read the link type",
        ["tcpdump__dsa.pcap"] = "tshark 4.0 can't read the link type",
        ["tcpdump__dsa-high-vid.pcap"] = "tshark 4.0 can't read the link type",
        ["tcpdump__edsa-high-vid.pcap"] = "tshark 4.0 can't read the link type",
    };

    private static readonly string[] Fields =
    [
        "frame.protocols",
        "ip.src",
        "ip.dst",
        "ipv6.src",
        "ipv6.dst",
        "tcp.srcport",
        "tcp.dstport",
        "udp.srcport",
        "udp.dstport",
        "sctp.srcport",
        "sctp.dstport",
    ];

    [Fact]
    public async Task SessionsAreTsharksConversations()
    {
        string expected = Repository.Shared("corpus", "encapsulation", "expected");
        string[] unread =
        [
            .. Repository
                .Captures(Repository.Shared("corpus", "encapsulation", "pcap"))
                .Where(path => !File.Exists(Path.Combine(expected, Path.GetFileNameWithoutExtension(path) + ".json"))),
        ];
        Assert.NotEmpty(unread);
        var differ = new List<string>();
        foreach (string path in unread)
        {
            string file = Path.GetFileName(path);
            string? difference = await DifferenceAsync(path);
            if (difference is null == Exceptions.ContainsKey(file))
                differ.Add($"{file}: {difference ?? "agrees, and must be taken off the exceptions"}");
        }
        Assert.True(differ.Count == 0, string.Join('\n', differ));
    }

    private static async Task<string?> DifferenceAsync(string path)
    {
        SortedDictionary<string, long> ours = await OfFlowPipeAsync(path);
        if (await OfTsharkAsync(path) is not { } theirs)
            return "tshark could not read it";
        string[] lines =
        [
            .. Lines(theirs).Except(Lines(ours)).Select(static line => "- " + line),
            .. Lines(ours).Except(Lines(theirs)).Select(static line => "+ " + line),
        ];
        return lines.Length == 0 ? null : $"{lines.Length} differences: {string.Join("; ", lines.Take(4))}";
    }

    private static IEnumerable<string> Lines(SortedDictionary<string, long> ways) => ways.Select(static way => $"{way.Key}: {way.Value}");

    private static async Task<SortedDictionary<string, long>> OfFlowPipeAsync(string path)
    {
        var ways = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (JsonElement document in await InnerSessions.DocumentsAsync(path))
        {
            string? transport = document.TryGetProperty("ipProtocol", out JsonElement protocol) ? Name(protocol.GetInt32()) : null;
            if (transport is null)
                continue;
            JsonElement source = document.GetProperty("source");
            JsonElement destination = document.GetProperty("destination");
            Add(ways, $"{transport} {End(source)} > {End(destination)}", source.GetProperty("packets").GetInt64());
            Add(ways, $"{transport} {End(destination)} > {End(source)}", destination.GetProperty("packets").GetInt64());
        }
        return ways;
    }

    private static async Task<SortedDictionary<string, long>?> OfTsharkAsync(string path)
    {
        var arguments = Fields.SelectMany(static field => (string[])["-e", field]);
        // Errors quote the packets that they are about; every occurrence, since the innermost is the one that counts.
        Ended ended = await Programs.RunAsync(
            "tshark",
            ["-n", "-r", path, "-Y", "(tcp || udp || sctp) && !icmp && !icmpv6", "-T", "fields", "-E", "occurrence=a", .. arguments]
        );
        if (ended.Output.Length == 0 && ended.Status != 0)
            return null;
        var ways = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (string line in ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] columns = line.Split('\t');
            string[] layers = columns[0].Split(':');
            int transport = Array.FindLastIndex(layers, static layer => layer is "tcp" or "udp" or "sctp");
            int network = Array.FindLastIndex(layers, static layer => layer is "ip" or "ipv6");
            if (transport < network)
                continue;
            int address = layers[network] == "ip" ? 1 : 3;
            int port = layers[transport] switch
            {
                "tcp" => 5,
                "udp" => 7,
                _ => 9,
            };
            Add(
                ways,
                $"{layers[transport]} {Last(columns[address])} {Last(columns[port])} > {Last(columns[address + 1])} {Last(columns[port + 1])}",
                1
            );
        }
        return ways;
    }

    private static void Add(SortedDictionary<string, long> ways, string way, long packets)
    {
        if (packets > 0)
            ways[way] = ways.GetValueOrDefault(way) + packets;
    }

    private static string Last(string values) => values[(values.LastIndexOf(',') + 1)..];

    private static string End(JsonElement end) => $"{end.GetProperty("ip").GetString()} {end.GetProperty("port").GetInt32()}";

    private static string? Name(int ipProtocol) =>
        ipProtocol switch
        {
            6 => "tcp",
            17 => "udp",
            132 => "sctp",
            _ => null,
        };
}
