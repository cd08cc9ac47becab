using FlowPipe.Core.Consuming;
using FlowPipe.Core.Emitting;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>The records of a Kafka topic.</summary>
internal sealed class TopicSource : RecordSource
{
    private readonly KafkaTopicReader _reader;
    private readonly bool _follow;
    private readonly MessageDecoder _decoder;

    private TopicSource(KafkaTopicReader reader, bool follow, MessageDecoder decoder)
    {
        _reader = reader;
        _follow = follow;
        _decoder = decoder;
    }

    /// <param name="target">Brokers and topic.</param>
    /// <param name="settings">Settings of Kafka and of the registry.</param>
    /// <param name="reading">Which part of the topic; null for all that is there.</param>
    /// <param name="embedded">The cluster that <c>kafka://embedded</c> means.</param>
    /// <param name="context">Where warnings go.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<TopicSource> OpenAsync(
        KafkaTarget target,
        FlowPipeSettings settings,
        TopicReading? reading,
        EmbeddedKafka? embedded,
        CommandContext context,
        CancellationToken stop
    )
    {
        reading ??= new TopicReading();
        var reader = new KafkaTopicReader(target, settings.Kafka, embedded, context.Status.Message, reading: reading);
        try
        {
            await reader.OpenAsync(stop).ConfigureAwait(false);
            RegisteredSchemas? registry = settings.Registry.IsSet
                ? new RegisteredSchemas(settings.Registry, reading.Follow, context.Status.Message)
                : null;
            return new TopicSource(reader, reading.Follow, new MessageDecoder(registry));
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Lets it read single-object encoding of another schema than this build's.</summary>
    public void Add(string schema, string name) => _decoder.Add(schema, name);

    public override IEnumerable<IReadOnlyList<StoredRecord>> Read(CancellationToken stop)
    {
        foreach (IReadOnlyList<TopicRecord> batch in _reader.Read(_follow, stop))
        {
            var records = new List<StoredRecord>(batch.Count);
            foreach (TopicRecord message in batch)
            {
                try
                {
                    _decoder.Decode($"partition {message.Partition}, offset {message.Offset}", message.Value, records, stop);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    break; // while the registry was waited for
                }
                records[^1] = records[^1] with { Message = (message.Partition, message.Offset) };
            }
            yield return records;
        }
    }

    public override void Took(in StoredRecord record)
    {
        if (record.Message.Partition >= 0)
            _reader.Took(record.Message.Partition, record.Message.Offset);
    }

    public override void Shown() => _reader.Commit();

    public override void Dispose()
    {
        _reader.Dispose();
        _decoder.Dispose();
    }
}
