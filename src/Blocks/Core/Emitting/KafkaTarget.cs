namespace FlowPipe.Core.Emitting;

/// <summary>Brokers and topic, as <c>//BROKERS/TOPIC</c> names them.</summary>
/// <param name="Brokers">host[:port],…; empty for the embedded cluster.</param>
/// <param name="Topic">A topic's name.</param>
public sealed record KafkaTarget(string Brokers, string Topic)
{
    /// <summary>The word that stands for the cluster inside the process.</summary>
    public const string EmbeddedName = "embedded";

    /// <summary>Kafka's own limit on a topic's name.</summary>
    private const int TopicLengthMax = 249;

    /// <summary>Whether the cluster inside this process is meant.</summary>
    public bool IsEmbedded => Brokers.Length == 0;

    /// <summary>Takes what follows <c>kafka:</c> apart.</summary>
    /// <exception cref="FlowPipeException">A part of it is wrong or missing; the message says which.</exception>
    public static KafkaTarget Parse(string target)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target.Contains('@', StringComparison.Ordinal))
        {
            throw new FlowPipeException(
                "kafka: user and password don't belong into a URI, where every list of processes shows them; "
                    + "set sasl.username and sasl.password in the kafka section of the configuration"
            );
        }

        string uri = $"kafka:{target}";
        if (!target.StartsWith("//", StringComparison.Ordinal))
        {
            throw new FlowPipeException($"'{uri}': write kafka://BROKERS/TOPIC");
        }

        int slash = target.IndexOf('/', 2);
        string brokers = slash < 0 ? target[2..] : target[2..slash];
        string topic = slash < 0 ? "" : target[(slash + 1)..];
        if (brokers.Length == 0)
        {
            throw new FlowPipeException($"'{uri}': no brokers; write kafka://HOST:PORT,…/TOPIC or kafka://{EmbeddedName}/TOPIC");
        }

        foreach (string broker in brokers.Split(','))
        {
            CheckBroker(uri, broker);
        }

        if (topic.Length == 0)
        {
            throw new FlowPipeException($"'{uri}': no topic; write kafka://{brokers}/TOPIC, for example flowpipe.spi.v1");
        }

        CheckTopic(uri, topic);
        return new KafkaTarget(brokers == EmbeddedName ? "" : brokers, topic);
    }

    /// <summary>As the user writes it.</summary>
    public override string ToString() => $"kafka://{(IsEmbedded ? EmbeddedName : Brokers)}/{Topic}";

    private static void CheckBroker(string uri, string broker)
    {
        // An address of IPv6 has colons of its own: [::1]:9092.
        int bracket = broker.LastIndexOf(']');
        int colon = broker.IndexOf(':', bracket + 1);
        string host = colon < 0 ? broker : broker[..colon];
        bool portFits =
            colon < 0
            || (
                ushort.TryParse(
                    broker.AsSpan(colon + 1),
                    System.Globalization.NumberStyles.None,
                    System.Globalization.CultureInfo.InvariantCulture,
                    out ushort port
                )
                && port > 0
            );
        if (host.Length == 0 || !portFits || broker.AsSpan().ContainsAny(' ', '\t'))
        {
            throw new FlowPipeException($"'{uri}': '{broker}' is no broker; write HOST or HOST:PORT, several separated by commas");
        }
    }

    /// <summary>Whether Kafka takes it for a topic's name.</summary>
    public static bool IsTopic(string topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        bool fits = topic.Length is > 0 and <= TopicLengthMax && topic is not ("." or "..");
        foreach (char c in topic)
        {
            fits &= char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';
        }

        return fits;
    }

    private static void CheckTopic(string uri, string topic)
    {
        if (!IsTopic(topic))
        {
            throw new FlowPipeException(
                $"'{uri}': '{topic}' is no topic's name: up to {TopicLengthMax} of letters, digits, dot, underscore and hyphen"
            );
        }
    }
}
