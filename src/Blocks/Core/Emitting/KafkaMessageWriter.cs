using Confluent.Kafka;

namespace FlowPipe.Core.Emitting;

/// <summary>Where a run's records begin and end in a partition of a topic.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="From">Offset of the first.</param>
/// <param name="To">Offset behind the last.</param>
public sealed record OffsetRange(int Partition, long From, long To);

/// <summary>Sends what a run tells of itself (its manifest, its figures): few messages, each waited for or let go. Not for records.</summary>
public sealed class KafkaMessageWriter : IDisposable
{
    private static readonly TimeSpan OpenTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TryTime = TimeSpan.FromSeconds(2);

    private readonly KafkaTarget _target;
    private readonly KafkaErrors _errors;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly IProducer<byte[], byte[]> _producer;
    private long _failed;

    private KafkaMessageWriter(KafkaTarget target, IReadOnlyDictionary<string, string> settings, Action<string> warn)
    {
        _target = target;
        _settings = settings;
        Dictionary<string, string> producing = KafkaClientSettings.ForProducer(target.Brokers, settings);
        _errors = new KafkaErrors(target.ToString(), settings, warn);
        try
        {
            _producer = new ProducerBuilder<byte[], byte[]>(producing)
                .SetErrorHandler((_, error) => _errors.Report(error))
                .SetLogHandler(static (_, _) => { })
                .Build();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            throw new FlowPipeException(
                $"{target}: librdkafka refuses its settings: {KafkaClientSettings.Complaint(e.Message, producing)}; mend the kafka section of the configuration",
                e
            )
            {
                IsWrongUsage = true,
            };
        }
    }

    /// <summary>Messages that could not be delivered.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Makes a producer and waits until the topic is known.</summary>
    /// <param name="target">Brokers and topic; not the embedded ones.</param>
    /// <param name="settings">librdkafka's settings, by its own names.</param>
    /// <param name="warn">Where warnings go, one line each; called from any thread.</param>
    /// <param name="stop">Gives up waiting.</param>
    /// <exception cref="FlowPipeException">The brokers don't answer, or there is no such topic.</exception>
    public static async Task<KafkaMessageWriter> OpenAsync(
        KafkaTarget target,
        IReadOnlyDictionary<string, string> settings,
        Action<string> warn,
        CancellationToken stop
    ) =>
        (
            await OpenAsync(
                target,
                settings,
                warn,
                async (admin, errors) => await KafkaMetadata.FindTopicAsync(admin, target, OpenTime, errors, stop)
            )
        )!;

    /// <summary>Makes a producer if the brokers are there, for who can do without.</summary>
    /// <param name="target">Brokers and topic; not the embedded ones.</param>
    /// <param name="settings">librdkafka's settings, by its own names.</param>
    /// <param name="warn">Where warnings go, one line each; called from any thread.</param>
    /// <param name="stop">Gives up waiting.</param>
    /// <returns>Null when they don't answer.</returns>
    /// <exception cref="FlowPipeException">They do, and there is no such topic.</exception>
    public static Task<KafkaMessageWriter?> TryOpenAsync(
        KafkaTarget target,
        IReadOnlyDictionary<string, string> settings,
        Action<string> warn,
        CancellationToken stop
    ) => OpenAsync(target, settings, warn, (admin, errors) => KafkaMetadata.TryFindTopicAsync(admin, target, TryTime, errors, stop));

    private static async Task<KafkaMessageWriter?> OpenAsync(
        KafkaTarget target,
        IReadOnlyDictionary<string, string> settings,
        Action<string> warn,
        Func<IAdminClient, KafkaErrors, Task<TopicMetadata?>> find
    )
    {
        ArgumentNullException.ThrowIfNull(target);
        var writer = new KafkaMessageWriter(target, settings, warn);
        KafkaMessageWriter? found = null;
        try
        {
            using IAdminClient admin = new DependentAdminClientBuilder(writer._producer.Handle).Build();
            if (await find(admin, writer._errors) is not null)
            {
                writer._errors.Speak();
                found = writer;
            }
            return found;
        }
        finally
        {
            if (found is null)
                writer.Dispose();
        }
    }

    /// <summary>Hands a message to the producer (a value of null for a key that is no more, in a compacted topic); what becomes of it shows in <see cref="Failed"/> after <see cref="FlushAsync"/>.</summary>
    public void Send(byte[] key, byte[]? value)
    {
        try
        {
            _producer.Produce(_target.Topic, new Message<byte[], byte[]> { Key = key, Value = value! }, OnDelivery);
        }
        catch (KafkaException e)
        {
            Interlocked.Increment(ref _failed);
            _errors.NotDelivered(e.Error);
        }
    }

    /// <summary>Waits until every message has met its fate.</summary>
    /// <returns>False when some were not delivered by the deadline.</returns>
    public Task<bool> FlushAsync(CancellationToken deadline) =>
        Task.Factory.StartNew(
            () =>
            {
                int open;
                do open = _producer.Flush(TimeSpan.FromMilliseconds(100));
                while (open > 0 && !deadline.IsCancellationRequested);
                return open == 0 && Failed == 0;
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );

    /// <summary>The ends of a topic's partitions now: the offsets that their next messages will have.</summary>
    /// <exception cref="FlowPipeException">The brokers don't answer, or there is no such topic.</exception>
    public async Task<long[]> EndsAsync(string topic, CancellationToken stop)
    {
        var target = new KafkaTarget(_target.Brokers, topic);
        Dictionary<string, string> consuming = KafkaClientSettings.ForConsumer(_target.Brokers, _settings);
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(consuming)
            .SetErrorHandler((_, error) => _errors.Report(error))
            .SetLogHandler(static (_, _) => { })
            .Build();
        using IAdminClient admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        TopicMetadata metadata = await KafkaMetadata.FindTopicAsync(admin, target, OpenTime, _errors, stop);
        long[] ends = new long[metadata.Partitions.Count];
        await Task.Run(
            () =>
            {
                foreach (PartitionMetadata partition in metadata.Partitions)
                {
                    try
                    {
                        ends[partition.PartitionId] = consumer
                            .QueryWatermarkOffsets(new TopicPartition(topic, partition.PartitionId), OpenTime)
                            .High.Value;
                    }
                    catch (KafkaException e)
                    {
                        throw new FlowPipeException($"{target}: {_errors.Explain(e.Error)}", e);
                    }
                }
            },
            stop
        );
        return ends;
    }

    public void Dispose() => _producer.Dispose();

    private void OnDelivery(DeliveryReport<byte[], byte[]> report)
    {
        if (report.Error.IsError)
        {
            Interlocked.Increment(ref _failed);
            _errors.NotDelivered(report.Error);
        }
    }
}
