using System.Text;
using Confluent.Kafka;
using FlowPipe.Abstractions;
using FlowPipe.Core.Emitting.Encodings;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// Produces records to a topic: idempotent, acknowledged by all replicas, every delivery report counted. Waits while the producer's queue is
/// full. Delivery reports come on librdkafka's poll thread and, during a flush, on the flushing thread too: what they touch is Interlocked.
/// </summary>
public sealed class KafkaSink : ISpiSink
{
    private const int DefaultOpenSeconds = 10;
    private const int PartitionsMax = 1000;

    private static readonly byte[] Yes = "1"u8.ToArray();
    private static readonly byte[] No = "0"u8.ToArray();
    private static readonly byte[][] Reasons = ReasonNames();

    private readonly KafkaTarget _target;
    private readonly ISpiEncoding _encoding;
    private readonly TimeSpan _openTime;
    private readonly int _partitions;
    private readonly SinkSettings _settings;
    private readonly EmbeddedKafka? _embedded;
    private readonly bool _ownsEmbedded;
    private readonly byte[] _node;
    private readonly KafkaErrors _errors;
    private readonly Action<DeliveryReport<byte[], byte[]>> _onDelivery;
    private readonly SemaphoreSlim _room = new(0);
    private IProducer<byte[], byte[]>? _producer;
    private Error? _fatal;
    private int _inFlight;
    private int _resumeAt = -1; // records in flight at which the waiting writer goes on; -1: none waits

    private KafkaSink(KafkaTarget target, ISpiEncoding encoding, TimeSpan openTime, int partitions, SinkSettings settings)
    {
        _target = target;
        _encoding = encoding;
        _openTime = openTime;
        _partitions = partitions;
        _settings = settings;
        _ownsEmbedded = target.IsEmbedded && settings.Embedded is null;
        _embedded = target.IsEmbedded ? settings.Embedded ?? new EmbeddedKafka() : null;
        _node = Encoding.UTF8.GetBytes(settings.Node);
        _errors = new KafkaErrors(target.ToString(), settings.Kafka, settings.Warn);
        _onDelivery = OnDelivery; // one delegate for all records
    }

    public string Name => _target.ToString();

    public bool WantsAvro => _encoding.WantsAvro;

    public bool WantsJson => _encoding.WantsJson;

    public SinkCounts Counts { get; } = new();

    /// <summary>Records that were not delivered, by the broker's or librdkafka's name for the reason.</summary>
    public IReadOnlyDictionary<string, long> FailedByReason => _errors.FailedByReason;

    /// <summary>Times that the writer found the producer's queue full and waited.</summary>
    public long QueueFullWaits { get; private set; }

    /// <summary>Makes the sink from its name: <c>kafka://BROKERS/TOPIC[?format=…&amp;registry=URL&amp;timeout=SECONDS]</c>.</summary>
    internal static KafkaSink Create(SinkUri uri, SinkSettings settings)
    {
        KafkaTarget target = KafkaTarget.Parse(uri.Target);
        if (target.IsEmbedded)
        {
            uri.Allow("format", RegistryOption.Name, "timeout", "partitions");
        }
        else
        {
            uri.Allow("format", RegistryOption.Name, "timeout");
        }

        TimeSpan openTime = TimeSpan.FromSeconds(uri.Number("timeout", DefaultOpenSeconds, 1, 3600));
        int partitions = uri.Number("partitions", EmbeddedKafka.DefaultPartitions, 1, PartitionsMax);
        _ = KafkaClientSettings.ForProducer(target.Brokers, settings.Kafka); // what is refused is refused before anything is opened
        settings = settings with { Registry = RegistryOption.Apply(uri, settings.Registry) };
        ISpiEncoding encoding = SpiEncodings.Create(uri.Option("format", "auto"), target, settings);
        return new KafkaSink(target, encoding, openTime, partitions, settings);
    }

    /// <summary>A sink for the same messages, in transactions. This one is not to be opened then; the other disposes it.</summary>
    /// <param name="run">Who commits.</param>
    /// <param name="checkpoints">Topic of the checkpoints.</param>
    /// <param name="bytesMax">Bytes of records after which a commit point is wanted.</param>
    public TransactionalKafkaSink InTransactions(RunIdentity run, string checkpoints, long bytesMax)
    {
        string brokers = _embedded?.BootstrapServers ?? _target.Brokers;
        _embedded?.CreateTopic(_target.Topic, _partitions);
        _embedded?.CreateTopic(checkpoints, 1);
        var producer = new TransactionalProducer(
            _target,
            checkpoints,
            Build,
            KafkaClientSettings.ForTransactions(brokers, _settings.Kafka),
            KafkaClientSettings.ForConsumer(brokers, KafkaClientSettings.SharedOf(_settings.Kafka)),
            _errors,
            _openTime,
            _settings.Warn
        );
        return new TransactionalKafkaSink(this, producer, run, bytesMax, _settings.Warn);
    }

    public async ValueTask OpenAsync(CancellationToken stop)
    {
        _embedded?.CreateTopic(_target.Topic, _partitions);
        string brokers = _embedded?.BootstrapServers ?? _target.Brokers;
        _producer = Build(KafkaClientSettings.ForProducer(brokers, _settings.Kafka));
        using IAdminClient admin = new DependentAdminClientBuilder(_producer.Handle).Build();
        await KafkaMetadata.FindTopicAsync(admin, _target, _openTime, _errors, stop);
        await OpenEncodingAsync(stop);
        _errors.Speak();
    }

    /// <summary>Gets ready to make messages, which <see cref="OpenAsync"/> does as well; without, they are for another to send.</summary>
    internal ValueTask OpenEncodingAsync(CancellationToken stop) => _encoding.OpenAsync(stop);

    public async ValueTask WriteAsync(SpiBatch batch)
    {
        IProducer<byte[], byte[]> producer = _producer ?? throw new InvalidOperationException($"{Name} is not open");
        Counts.Accept(batch.Count);
        int records;
        for (int i = 0; i < batch.Count; i += records)
        {
            Message<byte[], byte[]> message = MessageOf(batch, i, out records);
            try
            {
                for (int tries = 1; !TryProduce(producer, message, records); tries++)
                {
                    await WaitForRoomAsync(message, tries);
                }
            }
            catch (FlowPipeException)
            {
                Counts.Fail(batch.Count - i);
                throw;
            }
        }
    }

    public async ValueTask FlushAsync(CancellationToken deadline)
    {
        if (_producer is not { } producer)
        {
            return;
        }

        // Flush blocks, so it gets a thread of its own; in slices, so that the deadline is heard.
        await Task.Factory.StartNew(
            () =>
            {
                while (Volatile.Read(ref _inFlight) > 0 && !deadline.IsCancellationRequested)
                {
                    producer.Flush(TimeSpan.FromMilliseconds(100));
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        if (Counts.Open > 0)
        {
            string reason = _errors.LastReason is { } last ? $"; last reported: {last}" : "";
            _settings.Warn($"{Name}: {Counts.Open} records were not acknowledged before the deadline{reason}");
        }

        foreach ((string reason, long records) in FailedByReason)
        {
            _settings.Warn($"{Name}: {records} records were not delivered: {reason}");
        }
    }

    public ValueTask DisposeAsync()
    {
        _producer?.Dispose();
        _producer = null;
        if (_ownsEmbedded)
        {
            _embedded?.Dispose();
        }

        _room.Dispose();
        _encoding.Dispose();
        return ValueTask.CompletedTask;
    }

    private IProducer<byte[], byte[]> Build(Dictionary<string, string> settings)
    {
        Action<string, string>? onStatistics = _settings.OnStatistics;
        if (onStatistics is not null)
        {
            settings.TryAdd("statistics.interval.ms", "1000");
        }

        try
        {
            return new ProducerBuilder<byte[], byte[]>(settings)
                .SetErrorHandler((_, error) => OnError(error))
                .SetLogHandler((_, log) => OnLog(log))
                .SetStatisticsHandler((_, json) => onStatistics?.Invoke(Name, json))
                .Build();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            throw new FlowPipeException(
                $"{Name}: librdkafka refuses its settings: {KafkaClientSettings.Complaint(e.Message, settings)}; mend the kafka section of the configuration",
                e
            )
            {
                IsWrongUsage = true,
            };
        }
    }

    /// <summary>The message that begins with this record of the batch.</summary>
    /// <param name="batch">The records.</param>
    /// <param name="first">Number of the record.</param>
    /// <param name="records">How many are in the message.</param>
    internal Message<byte[], byte[]> MessageOf(SpiBatch batch, int first, out int records)
    {
        records = _encoding.Encode(batch, first, out byte[] value);

        // No timestamp: the message's time is when it is sent. Packet time would have old captures deleted by retention at once.
        var message = new Message<byte[], byte[]> { Value = value, Headers = [] };
        if (_encoding.Joins)
        {
            message.Headers.Add("node", _node);
            return message;
        }

        SpiRecord record = batch.Records[first];
        message.Key = record.Key;
        Headers headers = message.Headers;
        headers.Add("id", Utf8Of(record.Id));
        if (record.RootId != Guid.Empty)
        {
            headers.Add("root_id", Utf8Of(record.RootId));
        }

        headers.Add("node", _node);
        _encoding.AddHeaders(headers);
        headers.Add("final", record.Final ? Yes : No);
        headers.Add("reason", Reasons[(int)record.Reason]);
        return message;
    }

    /// <summary>Hands a message to the producer, which copies it.</summary>
    /// <returns>False when its queue is full; the fate of its records is open or known otherwise.</returns>
    /// <exception cref="FlowPipeException">The producer can't go on.</exception>
    private bool TryProduce(IProducer<byte[], byte[]> producer, Message<byte[], byte[]> message, int records)
    {
        if (Volatile.Read(ref _fatal) is { } fatal)
        {
            throw Stopped(fatal);
        }

        Interlocked.Increment(ref _inFlight);
        try
        {
            producer.Produce(_target.Topic, message, records == 1 ? _onDelivery : report => OnDelivery(report, records));
            return true;
        }
        catch (KafkaException e)
        {
            Interlocked.Decrement(ref _inFlight);
            if (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                return false;
            }

            if (e.Error.IsFatal || e.Error.Code == ErrorCode.Local_Fatal)
            {
                throw Stopped(e.Error);
            }

            Counts.Fail(records);
            _errors.CountFailed(e.Error, records);
            return true;
        }
    }

    /// <summary>Waits, without holding a thread, until half of what is in flight has been reported.</summary>
    private async ValueTask WaitForRoomAsync(Message<byte[], byte[]> message, int tries)
    {
        QueueFullWaits++;
        int inFlight = Volatile.Read(ref _inFlight);
        if (inFlight == 0)
        {
            await WaitForReleaseAsync(message, tries);
            return;
        }

        int resumeAt = inFlight / 2;
        Interlocked.Exchange(ref _resumeAt, resumeAt);

        // Reports that came before the line above have told nobody. Whoever takes the mark back has to act on it.
        bool late = Volatile.Read(ref _inFlight) <= resumeAt || Volatile.Read(ref _fatal) is not null;
        if (late && Interlocked.Exchange(ref _resumeAt, -1) >= 0)
        {
            return;
        }

        await _room.WaitAsync();
    }

    /// <summary>librdkafka gives a record's room back only after its report has been served: a moment, unless the limit is below one record.</summary>
    private async ValueTask WaitForReleaseAsync(Message<byte[], byte[]> message, int tries)
    {
        const int TriesMax = 5000;
        if (tries > TriesMax)
        {
            throw new FlowPipeException(
                $"{Name}: a record of {message.Value.Length} bytes does not fit into the empty queue; raise kafka.queue.buffering.max.kbytes"
            );
        }

        await Task.Delay(1);
    }

    private void OnDelivery(DeliveryReport<byte[], byte[]> report) => OnDelivery(report, 1);

    private void OnDelivery(DeliveryReport<byte[], byte[]> report, int records)
    {
        if (report.Error.IsError)
        {
            Counts.Fail(records);
            _errors.CountFailed(report.Error, records);
        }
        else
        {
            Counts.Deliver(records, report.Message.Value.Length);
            _errors.CountDelivered();
        }

        if (Interlocked.Decrement(ref _inFlight) <= Volatile.Read(ref _resumeAt))
        {
            Resume();
        }
    }

    private void OnError(Error error)
    {
        _errors.Report(error);
        if (error.IsFatal)
        {
            Volatile.Write(ref _fatal, error);
            Resume();
        }
    }

    private void OnLog(LogMessage log)
    {
        // What matters comes as an error, too. Who asked librdkafka for its debug contexts wants to read them.
        if (_settings.Kafka.ContainsKey("debug"))
        {
            _settings.Warn(KafkaClientSettings.Mask($"{Name}: {log.Facility}: {log.Message}", _settings.Kafka));
        }
    }

    private void Resume()
    {
        if (Interlocked.Exchange(ref _resumeAt, -1) >= 0)
        {
            _room.Release();
        }
    }

    private FlowPipeException Stopped(Error error) => new($"{Name}: the producer can't go on: {_errors.Explain(error)}");

    private static byte[] Utf8Of(Guid id)
    {
        byte[] text = new byte[36];
        id.TryFormat(text, out _);
        return text;
    }

    private static byte[][] ReasonNames()
    {
        EndReason[] reasons = Enum.GetValues<EndReason>();
        byte[][] names = new byte[reasons.Length][];
        foreach (EndReason reason in reasons)
        {
            names[(int)reason] = Encoding.UTF8.GetBytes(reason.ToString().ToLowerInvariant());
        }

        return names;
    }
}
