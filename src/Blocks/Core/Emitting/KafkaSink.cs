using Confluent.Kafka;
using FlowPipe.Core.Emitting.DeadLetters;
using FlowPipe.Core.Emitting.Encodings;
using FlowPipe.Core.Emitting.Spooling;
using FlowPipe.Core.Messages;
using Polly;
using Polly.Retry;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// Produces records to a topic: idempotent, acknowledged by all replicas, every delivery report counted. Waits while the producer's queue is full, or
/// where there is a spool, puts records there. What becomes of a message is the business of <see cref="RecordDelivery"/>.
/// </summary>
public sealed class KafkaSink : ISpiSink
{
    private const int DefaultOpenSeconds = 10;
    private const int PartitionsMax = 1000;

    private readonly KafkaTarget _target;
    private readonly string _uri;
    private readonly ISpiEncoding _encoding;
    private readonly TimeSpan _openTime;
    private readonly int _partitions;
    private readonly SinkSettings _settings;
    private readonly EmbeddedKafka? _embedded;
    private readonly bool _ownsEmbedded;
    private readonly KafkaErrors _errors;
    private readonly MessageMaker _maker;
    private readonly List<OutgoingMessage> _made = [];
    private readonly CancellationTokenSource _closing = new();
    private RecordDelivery? _delivery;
    private Spooling.SpoolFolder? _folder;
    private Task _opening = Task.CompletedTask;

    private KafkaSink(SinkUri uri, KafkaTarget target, ISpiEncoding encoding, TimeSpan openTime, int partitions, SinkSettings settings)
    {
        _uri = uri.Text;
        _target = target;
        _encoding = encoding;
        _openTime = openTime;
        _partitions = partitions;
        _settings = settings;
        _ownsEmbedded = target.IsEmbedded && settings.Embedded is null;
        _embedded = target.IsEmbedded ? settings.Embedded ?? new EmbeddedKafka() : null;
        _errors = new KafkaErrors(target.ToString(), settings.Kafka, settings.Warn);
        _maker = new MessageMaker(encoding, target, settings);
    }

    public string Name => _target.ToString();

    public bool WantsAvro => _encoding.WantsAvro;

    public bool WantsJson => _encoding.WantsJson;

    public SinkCounts Counts { get; } = new();

    /// <summary>Times that the writer found the producer's queue full and waited.</summary>
    public long QueueFullWaits => _delivery?.QueueFullWaits ?? 0;

    /// <summary>Where its spool is, in a directory of spools.</summary>
    public string SpoolFolder(string root) => Spooling.SpoolFolder.Of(root, _target);

    /// <summary>Makes the messages, for who sends them otherwise.</summary>
    internal MessageMaker Maker => _maker;

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
        return new KafkaSink(uri, target, encoding, openTime, partitions, settings);
    }

    /// <summary>A sink for the same messages, in transactions. This one is not to be opened then; the other disposes it.</summary>
    /// <param name="run">Who commits.</param>
    /// <param name="checkpoints">Topic of the checkpoints.</param>
    /// <param name="bytesMax">Bytes of records after which a commit point is wanted.</param>
    public TransactionalKafkaSink InTransactions(RunIdentity run, string checkpoints, long bytesMax)
    {
        CreateEmbeddedTopics();
        _embedded?.CreateTopic(checkpoints, 1);
        var producer = new TransactionalProducer(
            Targets(),
            checkpoints,
            settings => Build(settings, _errors.Report),
            KafkaClientSettings.ForTransactions(Brokers, _settings.Kafka),
            KafkaClientSettings.ForConsumer(Brokers, KafkaClientSettings.SharedOf(_settings.Kafka)),
            _errors,
            _openTime,
            _settings.Warn
        );
        return new TransactionalKafkaSink(this, producer, CreateDesk(), run, bytesMax, _settings);
    }

    public async ValueTask OpenAsync(CancellationToken stop)
    {
        CreateEmbeddedTopics();
        SpoolLog? spool = OpenSpool();
        try
        {
            _delivery = new RecordDelivery(
                Name,
                _maker,
                Counts,
                _errors,
                CreateProducer,
                CreateDesk(),
                spool,
                KafkaMessageSize.MaxOf(_settings.Kafka),
                _settings.Warn
            );
        }
        catch
        {
            spool?.Dispose();
            throw;
        }
        bool isReady = spool is null ? await OpenNowAsync(stop) : await TryOpenAsync(stop);
        _errors.Speak();
        _delivery.Start();
        if (isReady)
            _delivery.Ready();
        else
            _opening = OpenLaterAsync(_closing.Token);
        if (spool is { Entries: > 0 })
            _settings.Warn($"{Name}: {spool.UnreadRecords} records of earlier runs are in the spool and are sent first");
    }

    /// <summary>Gets ready to make messages, which <see cref="OpenAsync"/> does as well; without, they are for another to send.</summary>
    internal ValueTask OpenEncodingAsync(CancellationToken stop) => _encoding.OpenAsync(stop);

    public async ValueTask WriteAsync(SpiBatch batch)
    {
        RecordDelivery delivery = _delivery ?? throw new InvalidOperationException($"{Name} is not open");
        Counts.Accept(batch.Count);
        int records;
        for (int i = 0; i < batch.Count; i += records)
        {
            _made.Clear();
            records = _maker.Make(batch, i, _made);
            Counts.Copy((_made.Count - 1) * (long)records);
            int sent = 0;
            try
            {
                for (; sent < _made.Count; sent++)
                    await delivery.SendAsync(_made[sent]);
            }
            catch (FlowPipeException)
            {
                Counts.Fail(((_made.Count - sent) * (long)records) + batch.Count - i - records, DeadLetterReason.Undelivered);
                throw;
            }
        }
    }

    public async ValueTask FlushAsync(CancellationToken deadline)
    {
        if (_delivery is not { } delivery)
        {
            return;
        }

        await delivery.FlushAsync(_settings.DrainTime, deadline);
        if (Counts.Open > 0)
        {
            string reason = _errors.LastReason is { } last ? $"; last reported: {last}" : "";
            _settings.Warn($"{Name}: {Counts.Open} records were not acknowledged before the deadline{reason}");
        }

        foreach ((string reason, long records) in Counts.DeadLettersByReason)
        {
            _settings.Warn($"{Name}: {records} records became dead letters: {reason}");
        }

        foreach ((string reason, long records) in Counts.FailedByReason)
        {
            _settings.Warn($"{Name}: {records} records were not delivered: {reason}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _opening;
        _closing.Dispose();
        _delivery?.Dispose();
        _delivery = null;
        _folder?.Dispose();
        if (_ownsEmbedded)
        {
            _embedded?.Dispose();
        }

        _encoding.Dispose();
    }

    private string Brokers => _embedded?.BootstrapServers ?? _target.Brokers;

    private DeadLetterDesk CreateDesk() =>
        new(_settings.DeadLetters, _settings.Node, KafkaMessageSize.MaxOf(_settings.Kafka), _settings.Warn);

    private SpoolLog? OpenSpool()
    {
        if (_settings.Spool is not { } settings)
            return null;
        _folder = Spooling.SpoolFolder.Lock(settings.Dir, _target, _uri);
        return new SpoolLog(_folder.Path, settings, _settings.Warn);
    }

    private RecordProducer CreateProducer(bool alone, Action<OutgoingMessage, Error> onReport)
    {
        Dictionary<string, string> settings = KafkaClientSettings.ForProducer(
            Brokers,
            _settings.Kafka,
            hasSpool: _settings.Spool is not null
        );
        if (alone)
        {
            settings["batch.num.messages"] = "1";
            settings.Remove("statistics.interval.ms");
        }
        return new RecordProducer(Name, onError => Build(settings, onError, withStatistics: !alone), _errors, onReport);
    }

    private IProducer<byte[], byte[]> Build(Dictionary<string, string> settings, Action<Error> onError, bool withStatistics = true)
    {
        Action<string, string>? onStatistics = withStatistics ? _settings.OnStatistics : null;
        if (onStatistics is not null)
        {
            settings.TryAdd("statistics.interval.ms", "1000");
        }

        try
        {
            return new ProducerBuilder<byte[], byte[]>(settings)
                .SetErrorHandler((_, error) => onError(error))
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

    /// <summary>The topics that records go to.</summary>
    private List<KafkaTarget> Targets()
    {
        List<KafkaTarget> targets = [_target];
        foreach (Routing.Route route in _settings.Routes)
        {
            KafkaTarget target = _target with { Topic = route.Topic };
            if (!targets.Contains(target))
                targets.Add(target);
        }
        return targets;
    }

    private void CreateEmbeddedTopics()
    {
        if (_embedded is null)
            return;
        foreach (KafkaTarget target in Targets())
            _embedded.CreateTopic(target.Topic, _partitions);
    }

    private async Task<bool> OpenNowAsync(CancellationToken stop)
    {
        using IAdminClient admin = new DependentAdminClientBuilder(_delivery!.Handle).Build();
        foreach (KafkaTarget target in Targets())
            await KafkaMetadata.FindTopicAsync(admin, target, _openTime, _errors, stop);
        await _encoding.OpenAsync(stop);
        return true;
    }

    /// <summary>What is there now; what is not may come later.</summary>
    private async Task<bool> TryOpenAsync(CancellationToken stop)
    {
        using IAdminClient admin = new DependentAdminClientBuilder(_delivery!.Handle).Build();
        foreach (KafkaTarget target in Targets())
        {
            if (await KafkaMetadata.TryFindTopicAsync(admin, target, _openTime, _errors, stop) is not null)
                continue;
            _settings.Warn(
                $"{Name}: no answer from the brokers ({_errors.LastReason ?? "they can't be reached"}): records go to the spool until they are back"
            );
            return false;
        }
        if (await _encoding.TryOpenAsync(stop))
            return true;
        _settings.Warn($"{Name}: the schema registry {_settings.Registry} does not answer: records go to the spool until it does");
        return false;
    }

    /// <summary>Tries until brokers and registry are there, while records go to the spool.</summary>
    private async Task OpenLaterAsync(CancellationToken closing)
    {
        ResiliencePipeline<bool> tries = new ResiliencePipelineBuilder<bool>()
            .AddRetry(
                new RetryStrategyOptions<bool>
                {
                    ShouldHandle = static args =>
                        ValueTask.FromResult(
                            args.Outcome.Exception is FlowPipeException || args.Outcome is { Exception: null, Result: false }
                        ),
                    MaxRetryAttempts = int.MaxValue,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = TimeSpan.FromMilliseconds(500),
                    MaxDelay = TimeSpan.FromSeconds(10),
                }
            )
            .Build();
        try
        {
            await tries.ExecuteAsync(async token => await OpenOnceAsync(token), closing);
            _settings.Warn($"{Name}: brokers and registry answer; what is in the spool is sent");
            _delivery!.Ready();
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private async ValueTask<bool> OpenOnceAsync(CancellationToken closing)
    {
        try
        {
            using IAdminClient admin = new DependentAdminClientBuilder(_delivery!.Handle).Build();
            foreach (KafkaTarget target in Targets())
            {
                if (await KafkaMetadata.TryFindTopicAsync(admin, target, TimeSpan.FromSeconds(1), _errors, closing) is null)
                    return false;
            }
            return await _encoding.TryOpenAsync(closing);
        }
        catch (FlowPipeException e)
        {
            // Nothing can be sent as it is, but it is no reason to lose what is made meanwhile.
            _errors.Tell("open", $"records stay in the spool: {e.Message}");
            throw;
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
}
