using Confluent.Kafka;
using FlowPipe.Core.Emitting;

namespace FlowPipe.Core.Consuming;

/// <summary>
/// Reads a topic from its beginning to the ends that its partitions had at the start, or on and on. Without a group partitions are assigned, not
/// subscribed to: a group takes seconds to form, and its members share the records. Blocks; give it a thread of its own.
/// </summary>
public sealed class KafkaTopicReader : IDisposable
{
    private const int BatchMax = 512;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DefaultOpenTime = TimeSpan.FromSeconds(10);

    private readonly KafkaTarget _target;
    private readonly TimeSpan _openTime;
    private readonly Dictionary<string, string> _settings;
    private readonly KafkaErrors _errors;
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly TopicReading _reading;
    private readonly GroupPlaces? _group;
    private long[] _ends = [];
    private Error? _fatal;

    /// <param name="target">Brokers and topic.</param>
    /// <param name="settings">librdkafka's settings, by its own names.</param>
    /// <param name="embedded">The cluster that <c>kafka://embedded</c> means.</param>
    /// <param name="warn">Where warnings go, one line each; called from any thread.</param>
    /// <param name="openTime">How long brokers may take to answer.</param>
    /// <param name="reading">Which part of the topic; null for all that is there.</param>
    public KafkaTopicReader(
        KafkaTarget target,
        IReadOnlyDictionary<string, string> settings,
        EmbeddedKafka? embedded = null,
        Action<string>? warn = null,
        TimeSpan? openTime = null,
        TopicReading? reading = null
    )
    {
        ArgumentNullException.ThrowIfNull(target);
        _reading = reading ?? new TopicReading();
        if (target.IsEmbedded && embedded is null)
        {
            throw new FlowPipeException($"{target}: the embedded broker lives in the process that produces; only demo reads from it");
        }

        _target = target;
        _openTime = openTime ?? DefaultOpenTime;
        _settings = KafkaClientSettings.ForConsumer(
            target.IsEmbedded ? embedded!.BootstrapServers : target.Brokers,
            settings,
            _reading.Group
        );
        _errors = new KafkaErrors(target.ToString(), _settings, warn ?? (static _ => { }));
        try
        {
            ConsumerBuilder<byte[], byte[]> builder = new ConsumerBuilder<byte[], byte[]>(_settings)
                .SetErrorHandler((_, error) => OnError(error))
                .SetLogHandler(static (_, _) => { });
            if (_reading.Group is not null)
            {
                _group = new GroupPlaces(_openTime);
                _group.Watch(builder);
            }

            _consumer = builder.Build();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            throw new FlowPipeException(
                $"{target}: librdkafka refuses its settings: {KafkaClientSettings.Complaint(e.Message, _settings)}; mend the kafka section of the configuration",
                e
            )
            {
                IsWrongUsage = true,
            };
        }
    }

    /// <summary>Partitions of the topic, once it is open.</summary>
    public int Partitions => _ends.Length;

    /// <summary>What is read of each partition, where it is less than all; of a partition without a range, nothing. Set before it is opened.</summary>
    public IReadOnlyList<OffsetRange>? Within { get; init; }

    /// <summary>What there was to read when it was opened.</summary>
    public IReadOnlyList<OffsetRange> Ranges { get; private set; } = [];

    /// <summary>Finds the topic, its partitions and their ends.</summary>
    /// <exception cref="FlowPipeException">The brokers don't answer, or there is no such topic.</exception>
    public async Task OpenAsync(CancellationToken stop)
    {
        TopicMetadata topic;
        using (IAdminClient admin = new DependentAdminClientBuilder(_consumer.Handle).Build())
        {
            topic = await KafkaMetadata.FindTopicAsync(admin, _target, _openTime, _errors, stop);
        }

        _ends = new long[topic.Partitions.Count];
        if (_group is not null)
        {
            _consumer.Subscribe(_target.Topic);
        }
        else
        {
            await Task.Run(() => Try(Assign), stop);
        }

        _errors.Speak();
    }

    /// <summary>The group's place in a partition is behind this record from the next <see cref="Commit"/> on. Nothing without a group.</summary>
    public void Took(int partition, long offset) => _group?.Took(partition, offset);

    /// <summary>Tells the brokers the group's places. Nothing without a group.</summary>
    public void Commit()
    {
        if (_group is not null)
        {
            Try(() =>
            {
                _group.Commit(_consumer, _target.Topic);
                return true;
            });
        }
    }

    /// <summary>
    /// The records, in batches of what is there. Order holds within a partition. Without <paramref name="follow"/> it ends where the partitions
    /// ended when the topic was opened.
    /// </summary>
    /// <exception cref="FlowPipeException">The topic can't be read on; among others because the broker has dropped what was not read yet.</exception>
    public IEnumerable<IReadOnlyList<TopicRecord>> Read(bool follow, CancellationToken stop) =>
        _group is null ? ReadAssigned(follow, stop) : ReadAsMember(_group, follow, stop);

    private IEnumerable<IReadOnlyList<TopicRecord>> ReadAssigned(bool follow, CancellationToken stop)
    {
        bool[] ended = new bool[_ends.Length];
        int open = 0;
        for (int i = 0; i < ended.Length; i++)
        {
            ended[i] = !follow && _ends[i] == 0;
            open += ended[i] ? 0 : 1;
        }

        var batch = new List<TopicRecord>();
        while (open > 0 && !stop.IsCancellationRequested)
        {
            ConsumeResult<byte[], byte[]>? result = Next(batch.Count == 0);
            if (result is not null)
            {
                int partition = result.Partition.Value;
                bool inRange = !ended[partition] && (follow || result.IsPartitionEOF || result.Offset.Value < _ends[partition]);
                if (!result.IsPartitionEOF && inRange)
                {
                    batch.Add(RecordOf(result));
                }

                // Offsets may have gaps (transactions, compaction), so the end is where nothing is left, or what comes next lies behind it.
                long next = result.IsPartitionEOF ? result.Offset.Value : result.Offset.Value + 1;
                if (!follow && !ended[partition] && next >= _ends[partition])
                {
                    ended[partition] = true;
                    open--;
                }
            }

            if (batch.Count == BatchMax || (batch.Count > 0 && (result is null || open == 0)))
            {
                yield return batch;
                batch = [];
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    /// <summary>What the group gives this member; without following, until all of that has come to its end.</summary>
    private IEnumerable<IReadOnlyList<TopicRecord>> ReadAsMember(GroupPlaces group, bool follow, CancellationToken stop)
    {
        var batch = new List<TopicRecord>();
        while (!stop.IsCancellationRequested)
        {
            ConsumeResult<byte[], byte[]>? result = Next(batch.Count == 0);
            if (result is { IsPartitionEOF: true })
            {
                group.Ended(result.Partition.Value);
            }
            else if (result is not null)
            {
                group.Began(result.Partition.Value);
                batch.Add(RecordOf(result));
            }

            bool atEnd = !follow && group.AllEnded;
            if (batch.Count == BatchMax || (batch.Count > 0 && (result is null || atEnd)))
            {
                yield return batch;
                batch = [];
            }

            if (atEnd)
            {
                yield break;
            }
        }

        // What was fetched and not shown is not committed: the group's next member gets it.
    }

    private ConsumeResult<byte[], byte[]>? Next(bool waits)
    {
        ConsumeResult<byte[], byte[]>? result = Try(() => _consumer.Consume(waits ? Poll : TimeSpan.Zero));
        return Volatile.Read(ref _fatal) is { } fatal ? throw Failed(fatal) : result;
    }

    private bool Assign()
    {
        foreach (int partition in _reading.Partitions)
        {
            if ((uint)partition >= (uint)_ends.Length)
            {
                throw new FlowPipeException($"{_target}: there is no partition {partition}; the topic has 0 to {_ends.Length - 1}");
            }
        }

        var starts = new List<TopicPartitionOffset>(_ends.Length);
        var ranges = new List<OffsetRange>(_ends.Length);
        for (int i = 0; i < _ends.Length; i++)
        {
            if (_reading.Partitions.Count > 0 && !Contains(_reading.Partitions, i))
            {
                continue; // its end stays 0: there is nothing to wait for
            }

            var at = new TopicPartition(_target.Topic, i);
            WatermarkOffsets offsets = _consumer.QueryWatermarkOffsets(at, _openTime);
            long low = Math.Max(offsets.Low.Value, OffsetAt(at, _reading.Since, offsets.Low.Value, offsets.High.Value));
            long high = Math.Min(offsets.High.Value, OffsetAt(at, _reading.Until, offsets.High.Value, offsets.High.Value));
            if (_reading.Offset is { } offset)
            {
                if (offset < low || offset >= high)
                {
                    throw new FlowPipeException(
                        $"{_target}: partition {i} has no message at offset {offset}; there are {low} to {high - 1}"
                    );
                }

                (low, high) = (offset, offset + 1);
            }

            (low, high) = Narrowed(i, low, high);
            _ends[i] = low < high ? high : 0;
            ranges.Add(new OffsetRange(i, low, high));
            starts.Add(new TopicPartitionOffset(at, low));
        }

        _consumer.Assign(starts);
        Ranges = ranges;
        return true;
    }

    /// <summary>Where the first message of that time or later lies; the end when there is none.</summary>
    private long OffsetAt(TopicPartition partition, DateTime? time, long otherwise, long end)
    {
        if (time is not { } at)
        {
            return otherwise;
        }

        var wanted = new TopicPartitionTimestamp(partition, new Timestamp(at, TimestampType.CreateTime));
        Offset found = _consumer.OffsetsForTimes([wanted], _openTime)[0].Offset;
        return found.IsSpecial ? end : found.Value;
    }

    private static bool Contains(IReadOnlyList<int> numbers, int wanted)
    {
        foreach (int number in numbers)
        {
            if (number == wanted)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Leaves the brokers.</summary>
    public void Dispose()
    {
        _consumer.Close();
        _consumer.Dispose();
    }

    private (long Low, long High) Narrowed(int partition, long low, long high)
    {
        if (Within is null)
        {
            return (low, high);
        }

        foreach (OffsetRange range in Within)
        {
            if (range.Partition == partition)
            {
                return (Math.Clamp(range.From, low, high), Math.Clamp(range.To, low, high));
            }
        }

        return (high, high);
    }

    private static TopicRecord RecordOf(ConsumeResult<byte[], byte[]> result) =>
        new(
            result.Partition.Value,
            result.Offset.Value,
            result.Message.Key ?? [],
            result.Message.Value ?? [],
            result.Message.Headers,
            result.Message.Timestamp.UtcDateTime
        );

    private T Try<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (KafkaException e)
        {
            throw Failed(e.Error);
        }
    }

    private void OnError(Error error)
    {
        _errors.Report(error);
        if (error.IsFatal)
        {
            Volatile.Write(ref _fatal, error);
        }
    }

    private FlowPipeException Failed(Error error) =>
        error.Code is ErrorCode.OffsetOutOfRange or ErrorCode.Local_AutoOffsetReset
            ? new FlowPipeException(
                $"{_target}: the broker has dropped records before they were read ({error.Reason}); read faster, or give the topic more room or partitions"
            )
            : new FlowPipeException($"{_target}: {_errors.Explain(error)}");
}
