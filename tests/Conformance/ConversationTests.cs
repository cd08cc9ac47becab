using System.Text.Json;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// The expected documents against tshark: for every pair of ends the packets and bytes each way, and when the first and the last came. (It is what
/// <c>tshark -z conv,tcp</c> counts, which rounds its bytes; so the packets are listed and counted here.)
/// </summary>
public sealed class ConversationTests
{
    private const string Fields =
        "frame.time_epoch frame.len ip.src ip.dst ipv6.src ipv6.dst tcp.srcport tcp.dstport udp.srcport udp.dstport sctp.srcport sctp.dstport";

    // errors quote the packets that they are about: those are no packets of that conversation
    private const string Filter = "(tcp || udp || sctp) && !icmp && !icmpv6";

    /// <summary>What went both ways between two ends.</summary>
    private sealed class Conversation
    {
        public SortedDictionary<string, (long Packets, long Bytes)> Ways { get; } = new(StringComparer.Ordinal);

        public long FirstMs { get; set; } = long.MaxValue;

        public long LastMs { get; set; } = long.MinValue;

        public void Add(string source, long packets, long bytes, long firstMs, long lastMs)
        {
            if (packets == 0)
                return;
            (long packetsBefore, long bytesBefore) = Ways.GetValueOrDefault(source);
            Ways[source] = (packetsBefore + packets, bytesBefore + bytes);
            FirstMs = Math.Min(FirstMs, firstMs);
            LastMs = Math.Max(LastMs, lastMs);
        }

        public override string ToString() =>
            string.Join(", ", Ways.Select(static way => $"{way.Key}: {way.Value.Packets} packets, {way.Value.Bytes} bytes"))
            + $", {FirstMs} to {LastMs}";
    }

    private sealed class Conversations : SortedDictionary<string, Conversation>
    {
        public Conversations()
            : base(StringComparer.Ordinal) { }

        public Conversation Between(string source, string destination)
        {
            string key = string.CompareOrdinal(source, destination) < 0 ? $"{source} - {destination}" : $"{destination} - {source}";
            if (!TryGetValue(key, out Conversation? conversation))
                Add(key, conversation = new Conversation());
            return conversation;
        }

        public IEnumerable<string> Lines() => Values.Select(static conversation => conversation.ToString());
    }

    public static TheoryData<string> Names => [.. Samples.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task DocumentsHaveTsharksConversations(string sample)
    {
        Conversations expected = await OfTsharkAsync(sample);
        Assert.Equal(expected.Lines(), OfDocuments(sample).Lines());
        Assert.True(expected.Count > 0 || sample == Samples.WithoutPorts, $"tshark found nothing in {sample}");
    }

    private static async Task<Conversations> OfTsharkAsync(string sample)
    {
        var fields = Fields.Split(' ').SelectMany(static field => (string[])["-e", field]);
        string output = await Programs.OutputOfAsync(
            "tshark",
            ["-n", "-r", Samples.Path(sample), "-Y", Filter, "-T", "fields", "-E", "occurrence=f", .. fields]
        );
        var conversations = new Conversations();
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] packet = line.Split('\t');
            // of IPv4 and IPv6, and of the three protocols, one is there and the others are empty
            string protocol =
                packet[6].Length > 0 ? "tcp"
                : packet[8].Length > 0 ? "udp"
                : "sctp";
            string source = $"{protocol} {packet[2]}{packet[4]} {packet[6]}{packet[8]}{packet[10]}";
            string destination = $"{protocol} {packet[3]}{packet[5]} {packet[7]}{packet[9]}{packet[11]}";
            var ms = (long)(decimal.Parse(packet[0]) * 1_000);
            conversations.Between(source, destination).Add(source, 1, long.Parse(packet[1]), ms, ms);
        }
        return conversations;
    }

    private static Conversations OfDocuments(string sample)
    {
        var conversations = new Conversations();
        foreach (string line in File.ReadLines(Samples.Expected(sample)))
        {
            using JsonDocument parsed = JsonDocument.Parse(line);
            JsonElement document = parsed.RootElement;
            string? protocol = document.GetProperty("ipProtocol").GetInt32() switch
            {
                6 => "tcp",
                17 => "udp",
                132 => "sctp",
                _ => null,
            };
            if (protocol is null)
                continue;
            JsonElement source = document.GetProperty("source");
            JsonElement destination = document.GetProperty("destination");
            Conversation conversation = conversations.Between(End(protocol, source), End(protocol, destination));
            foreach (JsonElement end in (JsonElement[])[source, destination])
            {
                conversation.Add(
                    End(protocol, end),
                    end.GetProperty("packets").GetInt64(),
                    end.GetProperty("bytes").GetInt64(),
                    document.GetProperty("firstPacket").GetInt64(),
                    document.GetProperty("lastPacket").GetInt64()
                );
            }
        }
        return conversations;
    }

    private static string End(string protocol, JsonElement end) =>
        $"{protocol} {end.GetProperty("ip").GetString()} {end.GetProperty("port").GetInt32()}";
}
