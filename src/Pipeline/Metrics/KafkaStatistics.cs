using System.Collections.Concurrent;
using System.Text.Json;

namespace FlowPipe.Pipeline.Metrics;

/// <summary>
/// What librdkafka tells of its producers (its <c>statistics.interval.ms</c>). Its threads leave the text here, and whoever asks for figures has
/// it read.
/// </summary>
internal sealed class KafkaStatistics
{
    private readonly ConcurrentDictionary<string, string> _newest = new(StringComparer.Ordinal);

    /// <summary>A sink's newest statistics have come.</summary>
    public void Take(string sink, string json) => _newest[sink] = json;

    /// <summary>The figures now.</summary>
    public IReadOnlyList<KafkaProducerFigures> Read()
    {
        var figures = new List<KafkaProducerFigures>();
        foreach ((string sink, string json) in _newest)
            if (KafkaProducerFigures.Parse(sink, json) is { } parsed)
                figures.Add(parsed);
        return figures;
    }
}

/// <summary>One producer's figures.</summary>
internal sealed record KafkaProducerFigures(string Sink)
{
    /// <summary>Messages and bytes that wait in its queue, and how many may.</summary>
    public long QueueMessages { get; init; }
    public long QueueBytes { get; init; }
    public long QueueBytesMax { get; init; }

    /// <summary>Requests sent to brokers, bytes of them, and of the answers.</summary>
    public long Requests { get; init; }
    public long RequestBytes { get; init; }
    public long ResponseBytes { get; init; }

    /// <summary>Messages sent, and their bytes.</summary>
    public long Messages { get; init; }
    public long MessageBytes { get; init; }
    public IReadOnlyList<KafkaBrokerFigures> Brokers { get; init; } = [];

    /// <summary>Reads librdkafka's JSON (its STATISTICS.md); null when it is none.</summary>
    public static KafkaProducerFigures? Parse(string sink, string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            var brokers = new List<KafkaBrokerFigures>();
            if (root.TryGetProperty("brokers", out JsonElement all))
                foreach (JsonProperty broker in all.EnumerateObject())
                    // Those that librdkafka keeps for itself, such as the group's coordinator, have no number.
                    if (Number(broker.Value, "nodeid") >= 0)
                        brokers.Add(KafkaBrokerFigures.Of(broker.Value));
            return new KafkaProducerFigures(sink)
            {
                QueueMessages = Number(root, "msg_cnt"),
                QueueBytes = Number(root, "msg_size"),
                QueueBytesMax = Number(root, "msg_size_max"),
                Requests = Number(root, "tx"),
                RequestBytes = Number(root, "tx_bytes"),
                ResponseBytes = Number(root, "rx_bytes"),
                Messages = Number(root, "txmsgs"),
                MessageBytes = Number(root, "txmsg_bytes"),
                Brokers = brokers,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    internal static long Number(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement number)
        && number.ValueKind == JsonValueKind.Number
        && number.TryGetInt64(out long value)
            ? value
            : 0;
}

/// <summary>One broker's, as the producer sees it.</summary>
internal sealed record KafkaBrokerFigures(long Node, bool IsUp)
{
    /// <summary>Requests that wait to be sent, and for their answer.</summary>
    public long Outgoing { get; init; }
    public long Waiting { get; init; }
    public long Errors { get; init; }
    public long Retries { get; init; }
    public long TimeOuts { get; init; }
    public long Disconnects { get; init; }

    /// <summary>Round trip: mean and 99th percentile of the last interval.</summary>
    public double RoundTripSeconds { get; init; }
    public double RoundTripP99Seconds { get; init; }

    internal static KafkaBrokerFigures Of(JsonElement broker)
    {
        const double microseconds = 1e-6;
        JsonElement rtt = broker.TryGetProperty("rtt", out JsonElement found) ? found : broker;
        return new KafkaBrokerFigures(
            KafkaProducerFigures.Number(broker, "nodeid"),
            broker.TryGetProperty("state", out JsonElement state) && state.ValueEquals("UP")
        )
        {
            Outgoing = KafkaProducerFigures.Number(broker, "outbuf_cnt"),
            Waiting = KafkaProducerFigures.Number(broker, "waitresp_cnt"),
            Errors = KafkaProducerFigures.Number(broker, "txerrs"),
            Retries = KafkaProducerFigures.Number(broker, "txretries"),
            TimeOuts = KafkaProducerFigures.Number(broker, "req_timeouts"),
            Disconnects = KafkaProducerFigures.Number(broker, "disconnects"),
            RoundTripSeconds = KafkaProducerFigures.Number(rtt, "avg") * microseconds,
            RoundTripP99Seconds = KafkaProducerFigures.Number(rtt, "p99") * microseconds,
        };
    }
}
