using Confluent.Kafka;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// What librdkafka reports on its own threads: the last reason is kept for messages, and repeated ones become one line now and then, because a
/// broker that is down is reported many times a second. All that an unreachable broker makes it say is one kind of trouble.
/// </summary>
internal sealed class KafkaErrors(string name, IReadOnlyDictionary<string, string> settings, Action<string> warn)
{
    /// <summary>Silence after a line; it doubles while the trouble lasts, up to the other.</summary>
    private const long QuietMs = 10_000;
    private const long QuietMaxMs = 300_000;

    /// <summary>Trouble that was not reported for so long is over: the next is told at once.</summary>
    private const long OverMs = 30_000;

    // Kinds of trouble that have no error code of their own
    private const string Connection = "connection";
    private const string CutOff = "cut off";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Told> _told = new(StringComparer.Ordinal);
    private string? _lastReason;
    private bool _quiet = true;
    private bool _isCutOff; // no broker answers, and that was told

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

    /// <summary>Whether it was told that no broker answers.</summary>
    public bool IsCutOff => Volatile.Read(ref _isCutOff);

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
        string reason = KafkaClientSettings.Mask(KafkaReasons.Plain(error.Reason), settings);
        bool all = error.Code == ErrorCode.Local_AllBrokersDown;
        string? line;
        lock (_lock)
        {
            // That all brokers are down follows from what was said of each, which tells why.
            if (!all || _lastReason is null)
            {
                _lastReason = reason;
            }

            if (_quiet)
            {
                return;
            }

            line =
                all ? SayCutOff()
                : KafkaReasons.IsConnection(error.Code) ? Say(Connection, reason)
                : Say(error.Code.ToString(), reason);
        }

        if (line is not null)
        {
            warn(line);
        }
    }

    /// <summary>A record was delivered: if no broker answered before, that is over, and is told once.</summary>
    public void CountDelivered()
    {
        if (!Volatile.Read(ref _isCutOff))
        {
            return;
        }

        lock (_lock)
        {
            if (!_isCutOff)
            {
                return;
            }

            _isCutOff = false;
            _told.Remove(Connection);
            _told.Remove(CutOff);
        }

        warn($"{name}: the brokers answer again");
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
            ErrorCode.Local_MsgTimedOut => $"{error.Reason}: no broker acknowledged it within kafka.message.timeout.ms",
            _ => KafkaClientSettings.Mask(KafkaReasons.Plain(error.Reason), settings),
        };

    /// <summary>That no broker answers; not again while it is said of each why.</summary>
    private string? SayCutOff()
    {
        long why = _told.GetValueOrDefault(Connection).Last;
        bool known = _isCutOff && why != 0 && Environment.TickCount64 - why < OverMs;
        _isCutOff = true;
        return known ? null : Say(CutOff, KafkaReasons.NoBroker);
    }

    /// <summary>The line to print, or null while this kind of error has been told lately.</summary>
    private string? Say(string kind, string text)
    {
        long now = Environment.TickCount64;
        Told told = _told.GetValueOrDefault(kind);
        if (now < told.Next)
        {
            _told[kind] = told with { Last = now, Suppressed = told.Suppressed + 1 };
            return null;
        }

        long quiet = told.Quiet == 0 || now - told.Last > OverMs ? QuietMs : Math.Min(2 * told.Quiet, QuietMaxMs);
        _told[kind] = new Told(now + quiet, quiet, now, 0);
        return told.Suppressed == 0 ? $"{name}: {text}" : $"{name}: {text} ({told.Suppressed} more like it)";
    }

    /// <summary>What was said of one kind of error, in milliseconds of the system's clock.</summary>
    /// <param name="Next">When it may be said again.</param>
    /// <param name="Quiet">How long that is from the last time.</param>
    /// <param name="Last">When it was last reported, said or not.</param>
    /// <param name="Suppressed">Reports since it was said.</param>
    private readonly record struct Told(long Next, long Quiet, long Last, long Suppressed);
}
