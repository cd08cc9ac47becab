using Confluent.Kafka;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// What librdkafka reports on its own threads: the last reason is kept for messages, and repeated ones become one line now and then, because a
/// broker that is down is reported many times a second.
/// </summary>
internal sealed class KafkaErrors(string name, IReadOnlyDictionary<string, string> settings, Action<string> warn)
{
    private const long QuietMs = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Next, long Suppressed)> _said = new(StringComparer.Ordinal);
    private string? _lastReason;
    private bool _quiet = true;

    /// <summary>The last reason that was reported, without secrets.</summary>
    public string? LastReason
    {
        get
        {
            lock (_lock)
            {
                return _lastReason;
            }
        }
    }

    /// <summary>The sink is open: from now on errors are told, not only kept.</summary>
    public void Speak()
    {
        lock (_lock)
        {
            _quiet = false;
        }
    }

    /// <summary>A connection's trouble; librdkafka goes on trying.</summary>
    public void Report(Error error)
    {
        string reason = KafkaClientSettings.Mask(error.Reason, settings);
        string? line;
        lock (_lock)
        {
            // That all brokers are down follows from what was said of each, which tells why.
            if (error.Code != ErrorCode.Local_AllBrokersDown || _lastReason is null)
                _lastReason = reason;
            line = _quiet ? null : Say(error.Code.ToString(), reason);
        }

        if (line is not null)
        {
            warn(line);
        }
    }

    /// <summary>A message will not be delivered.</summary>
    public void NotDelivered(Error error)
    {
        string? line;
        lock (_lock)
        {
            line = Say(error.Code.ToString(), $"record not delivered: {Explain(error)}");
        }

        if (line is not null)
        {
            warn(line);
        }
    }

    /// <summary>Something that may happen many times; said now and then.</summary>
    public void Tell(string kind, string text)
    {
        string? line;
        lock (_lock)
        {
            line = Say(kind, text);
        }

        if (line is not null)
        {
            warn(line);
        }
    }

    /// <summary>An error in words that say what to do, where we know.</summary>
    public string Explain(Error error) =>
        error.Code switch
        {
            ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed =>
                $"{error.Reason}: the user that sasl.username or the client certificate names needs WRITE and DESCRIBE on the topic, and IDEMPOTENT_WRITE on old clusters",
            ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition =>
                $"{error.Reason}: the topic does not exist and the brokers do not create it; create it with 'flowpipe topics create'",
            ErrorCode.MsgSizeTooLarge => $"{error.Reason}: raise kafka.message.max.bytes here and max.message.bytes of the topic",
            _ => KafkaClientSettings.Mask(error.Reason, settings),
        };

    /// <summary>The line to print, or null while this kind of error has been told lately.</summary>
    private string? Say(string kind, string text)
    {
        long now = Environment.TickCount64;
        (long next, long suppressed) = _said.GetValueOrDefault(kind);
        if (now < next)
        {
            _said[kind] = (next, suppressed + 1);
            return null;
        }

        _said[kind] = (now + QuietMs, 0);
        return suppressed == 0 ? $"{name}: {text}" : $"{name}: {text} ({suppressed} more like it)";
    }
}
