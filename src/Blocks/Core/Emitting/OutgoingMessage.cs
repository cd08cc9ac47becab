using Confluent.Kafka;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// A Kafka message with what must be known of it until its fate is: kept while librdkafka has it, so that it can go elsewhere when it comes back.
/// Pooled: one object and its delegate serve many messages.
/// </summary>
internal sealed class OutgoingMessage
{
    /// <summary>Not from the spool.</summary>
    public const long NotSpooled = -1;

    private static readonly Message<byte[], byte[]> None = new();
    private const int Idle = 0;
    private const int InFlight = 1;
    private int _state;
    private RecordProducer? _producer;

    public OutgoingMessage() => OnDelivery = Delivered;

    /// <summary>librdkafka's delivery report.</summary>
    public Action<DeliveryReport<byte[], byte[]>> OnDelivery { get; }

    public string Topic { get; set; } = "";

    /// <summary>Key, value and headers; a record that goes to several topics has one for all.</summary>
    public Message<byte[], byte[]> Kafka { get; set; } = None;

    /// <summary>Records in it.</summary>
    public int Records { get; set; }

    /// <summary>Id of the first of them.</summary>
    public Guid Id { get; set; }

    /// <summary>Times of the first one's packets, nanoseconds since 1970-01-01 UTC.</summary>
    public long FirstPacketNs { get; set; }

    public long LastPacketNs { get; set; }

    /// <summary>The value is Avro without the registry's frame, because the registry had not answered when it was made.</summary>
    public bool NeedsFrame { get; set; }

    /// <summary>Why it could not be made, or delivered, in words; null usually.</summary>
    public string? Fault { get; set; }

    /// <summary>When it was made: goes up from message to message.</summary>
    public long Order { get; set; }

    /// <summary>It is sent in a batch of its own.</summary>
    public bool IsAlone { get; set; }

    /// <summary>Its number in the spool, or <see cref="NotSpooled"/>.</summary>
    public long Sequence { get; set; } = NotSpooled;

    /// <summary>It lay in the spool when the run began.</summary>
    public bool IsOfEarlierRun { get; set; }

    /// <summary>Of a dead letter: why the record in it could not be delivered; else null.</summary>
    public string? DeadReason { get; set; }

    /// <summary>Of a dead letter: the message that it is about; null when it comes from the spool.</summary>
    public OutgoingMessage? About { get; set; }

    /// <summary>librdkafka is about to get it.</summary>
    public void Begin(RecordProducer producer)
    {
        _producer = producer;
        Volatile.Write(ref _state, InFlight);
    }

    /// <summary>librdkafka did not take it after all, or its fate is not waited for any longer.</summary>
    /// <returns>False when the report has come meanwhile.</returns>
    public bool TakeBack() => Interlocked.CompareExchange(ref _state, Idle, InFlight) == InFlight;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Topic = "";
        Kafka = None;
        Records = 0;
        NeedsFrame = false;
        Fault = null;
        IsAlone = false;
        Sequence = NotSpooled;
        IsOfEarlierRun = false;
        DeadReason = null;
        About = null;
    }

    private void Delivered(DeliveryReport<byte[], byte[]> report)
    {
        RecordProducer producer = _producer!;
        producer.Report(TakeBack() ? this : null, report.Error);
    }
}

/// <summary>Messages for use again. Safe for several threads.</summary>
internal sealed class OutgoingPool
{
    private readonly Lock _lock = new();
    private readonly Stack<OutgoingMessage> _free = new();
    private readonly List<OutgoingMessage> _all = [];

    public OutgoingMessage Rent()
    {
        lock (_lock)
        {
            if (_free.TryPop(out OutgoingMessage? free))
                return free;
            var made = new OutgoingMessage();
            _all.Add(made);
            return made;
        }
    }

    public void Return(OutgoingMessage message)
    {
        message.Clear();
        lock (_lock)
            _free.Push(message);
    }

    /// <summary>Takes back all that librdkafka has, whose reports are not waited for any longer.</summary>
    public List<OutgoingMessage> TakeBack()
    {
        var taken = new List<OutgoingMessage>();
        lock (_lock)
        {
            foreach (OutgoingMessage message in _all)
            {
                if (message.TakeBack())
                    taken.Add(message);
            }
        }
        return taken;
    }
}
