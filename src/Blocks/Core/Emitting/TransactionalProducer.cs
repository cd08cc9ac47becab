using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace FlowPipe.Core.Emitting;

/// <summary>librdkafka's transactions, and the topic of the checkpoints. What blocks in librdkafka has a thread of its own.</summary>
internal sealed class TransactionalProducer(
    IReadOnlyList<KafkaTarget> targets,
    string checkpoints,
    Func<Dictionary<string, string>, IProducer<byte[], byte[]>> build,
    Dictionary<string, string> producerSettings,
    Dictionary<string, string> consumerSettings,
    KafkaErrors errors,
    TimeSpan openTime,
    Action<string> warn
) : ITransactions
{
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(5);
    private readonly KafkaTarget _target = targets[0];
    private IProducer<byte[], byte[]>? _producer;
    private byte[] _key = [];
    private CancellationToken _stop;
    private Error? _refused;
    private bool _isBroken; // the transaction can only be aborted

    public string? RefusedForGood => _refused is { } error && !IsPassing(error) ? errors.Explain(error) : null;

    public async Task<Checkpoint?> OpenAsync(string transactionalId, CancellationToken stop)
    {
        _stop = stop;
        _key = Encoding.UTF8.GetBytes(transactionalId);
        _producer = build(
            new Dictionary<string, string>(producerSettings, StringComparer.Ordinal) { ["transactional.id"] = transactionalId }
        );
        using (IAdminClient admin = new DependentAdminClientBuilder(_producer.Handle).Build())
        {
            foreach (KafkaTarget target in targets)
                await KafkaMetadata.FindTopicAsync(admin, target, openTime, errors, stop);
            await CreateCheckpointsAsync(admin);
        }
        errors.Speak();
        return await OnThread(() =>
        {
            Insist(() => _producer.InitTransactions(Slice), "the transaction coordinator");
            return ReadCheckpoint();
        });
    }

    public void Begin()
    {
        _isBroken = false;
        _refused = null;
        try
        {
            _producer!.BeginTransaction();
        }
        catch (KafkaException e)
        {
            throw Failed(e.Error);
        }
    }

    // In a broken transaction nothing is sent any more: all of it is sent again after the abort.
    public async ValueTask ProduceAsync(OutgoingMessage message)
    {
        while (!_isBroken && !TryProduce(message.Topic, message.Kafka))
        {
            _stop.ThrowIfCancellationRequested();
            await Task.Delay(5, _stop);
        }
    }

    public Task<bool> TryCommitAsync(byte[] checkpoint) =>
        OnThread(() =>
        {
            while (!_isBroken && !TryProduce(checkpoints, new Message<byte[], byte[]> { Key = _key, Value = checkpoint }))
                _producer!.Poll(TimeSpan.FromMilliseconds(10));
            if (!_isBroken)
            {
                try
                {
                    Insist(() => _producer!.CommitTransaction(Slice), "the commit of a transaction");
                    return true;
                }
                catch (KafkaTxnRequiresAbortException e)
                {
                    _refused ??= e.Error;
                }
            }
            warn(
                $"{_target}: a transaction was aborted and is sent again: {(_refused is { } error ? errors.Explain(error) : "it could not be sent")}"
            );
            Insist(() => _producer!.AbortTransaction(Slice), "the abort of a transaction");
            return false;
        });

    public Task AbortAsync(TimeSpan patience) =>
        OnThread(() =>
        {
            try
            {
                _producer!.AbortTransaction(patience);
            }
            catch (KafkaException)
            {
                // The next run, or the time limit of transactions, does it.
            }
            return true;
        });

    public void Dispose() => _producer?.Dispose();

    private bool TryProduce(string topic, Message<byte[], byte[]> message)
    {
        try
        {
            _producer!.Produce(topic, message, OnDelivery);
        }
        catch (KafkaException e) when (e.Error.Code == ErrorCode.Local_QueueFull)
        {
            return false;
        }
        catch (KafkaException e) when (!e.Error.IsFatal && e.Error.Code != ErrorCode.Local_Fatal)
        {
            _refused ??= e.Error;
            _isBroken = true;
        }
        catch (KafkaException e)
        {
            throw Failed(e.Error);
        }
        return true;
    }

    private void OnDelivery(DeliveryReport<byte[], byte[]> report)
    {
        if (report.Error.IsError && report.Error.Code is not (ErrorCode.Local_PurgeQueue or ErrorCode.Local_PurgeInflight))
            Interlocked.CompareExchange(ref _refused, report.Error, null);
        else if (!report.Error.IsError)
            errors.CountDelivered();
    }

    /// <summary>Does what may be repeated until it is done: files wait.</summary>
    private void Insist(Action action, string what)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                action();
                return;
            }
            catch (KafkaRetriableException e)
            {
                _stop.ThrowIfCancellationRequested();
                if (tries == 2)
                    warn($"{_target}: waits for {what}: {errors.Explain(e.Error)}");
            }
            catch (KafkaException e) when (e is not KafkaTxnRequiresAbortException)
            {
                throw Failed(e.Error);
            }
        }
    }

    private async Task CreateCheckpointsAsync(IAdminClient admin)
    {
        // Who has run `flowpipe topics create` needs no right to create topics here.
        if (await AreCheckpointsThereAsync(admin))
            return;
        // All of it must survive what the records survive; a checkpoint is all that is read of it, so old ones may go.
        var topic = new TopicSpecification
        {
            Name = checkpoints,
            NumPartitions = 1,
            Configs = new Dictionary<string, string>(StringComparer.Ordinal) { ["cleanup.policy"] = "compact" },
        };
        try
        {
            await admin.CreateTopicsAsync([topic]);
        }
        catch (CreateTopicsException e) when (e.Results[0].Error.Code == ErrorCode.TopicAlreadyExists)
        {
            // The usual case.
        }
        catch (KafkaException e)
        {
            warn($"{_target}: topic {checkpoints} could not be created ({errors.Explain(e.Error)}); it is used if it is there");
        }
        await KafkaMetadata.FindTopicAsync(admin, _target with { Topic = checkpoints }, openTime, errors, _stop);
    }

    private Task<bool> AreCheckpointsThereAsync(IAdminClient admin) =>
        OnThread(() =>
        {
            try
            {
                // Asked for by its name, it would be created with the brokers' own defaults.
                return admin.GetMetadata(Slice).Topics.Exists(topic => topic.Topic == checkpoints);
            }
            catch (KafkaException)
            {
                return false; // what follows tells why
            }
        });

    /// <summary>The last checkpoint under our key that was committed.</summary>
    private Checkpoint? ReadCheckpoint()
    {
        var settings = new Dictionary<string, string>(consumerSettings, StringComparer.Ordinal) { ["isolation.level"] = "read_committed" };
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(settings)
            .SetLogHandler(static (_, _) => { })
            .Build();
        using IAdminClient admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        List<PartitionMetadata> partitions = admin.GetMetadata(checkpoints, openTime).Topics[0].Partitions;
        consumer.Assign(partitions.ConvertAll(one => new TopicPartitionOffset(checkpoints, one.PartitionId, Offset.Beginning)));
        byte[]? value = null;
        int open = partitions.Count;
        while (open > 0)
        {
            _stop.ThrowIfCancellationRequested();
            try
            {
                ConsumeResult<byte[], byte[]>? result = consumer.Consume(TimeSpan.FromMilliseconds(200));
                if (result is { IsPartitionEOF: true })
                    open--;
                else if (result?.Message.Key.AsSpan().SequenceEqual(_key) == true)
                    value = result.Message.Value;
            }
            catch (ConsumeException e) when (!e.Error.IsFatal)
            {
                errors.Report(e.Error);
            }
        }
        consumer.Close();
        try
        {
            return value is null ? null : Checkpoint.FromJson(value);
        }
        catch (JsonException e)
        {
            throw new FlowPipeException(
                $"{_target}: the checkpoint in {checkpoints} can't be read ({e.Message}): another program writes to this topic",
                e
            );
        }
    }

    private FlowPipeException Failed(Error error) =>
        error.Code is ErrorCode.ProducerFenced or ErrorCode.Local_Fenced or ErrorCode.InvalidProducerEpoch
            ? new FlowPipeException(
                $"{_target}: another run of the same replay has begun and goes on in place of this one; what it committed is not lost"
            )
            : new FlowPipeException($"{_target}: transactions can't go on: {errors.Explain(error)}");

    private static bool IsPassing(Error error) =>
        error.Code
            is ErrorCode.Local_MsgTimedOut
                or ErrorCode.Local_State
                or ErrorCode.Local_TimedOut
                or ErrorCode.Local_Transport
                or ErrorCode.NotEnoughReplicas
                or ErrorCode.NotEnoughReplicasAfterAppend
                or ErrorCode.NotLeaderForPartition
                or ErrorCode.InvalidTxnState
                or ErrorCode.InvalidProducerIdMapping
                or ErrorCode.ConcurrentTransactions;

    // Blocking calls: a thread of their own, so that none of the pool's waits in librdkafka.
    private static Task<T> OnThread<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
