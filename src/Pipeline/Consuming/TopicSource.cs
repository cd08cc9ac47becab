using FlowPipe.Core.Consuming;
using FlowPipe.Core.Emitting;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>The records of a Kafka topic.</summary>
internal sealed class TopicSource : RecordSource
{
    private readonly KafkaTopicReader _reader;
    private readonly bool _follow;
    private readonly MessageDecoder _decoder = new();

    private TopicSource(KafkaTopicReader reader, bool follow)
    {
        _reader = reader;
        _follow = follow;
    }

    public static async Task<TopicSource> OpenAsync(
        KafkaTarget target,
        IReadOnlyDictionary<string, string> settings,
        EmbeddedKafka? embedded,
        bool follow,
        CommandContext context,
        CancellationToken stop
    )
    {
        var reader = new KafkaTopicReader(target, settings, embedded, context.Status.Message);
        try
        {
            await reader.OpenAsync(stop).ConfigureAwait(false);
            return new TopicSource(reader, follow);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    public override IEnumerable<IReadOnlyList<StoredRecord>> Read(CancellationToken stop)
    {
        foreach (IReadOnlyList<TopicRecord> batch in _reader.Read(_follow, stop))
        {
            var records = new StoredRecord[batch.Count];
            for (int i = 0; i < records.Length; i++)
                records[i] = _decoder.Decode($"partition {batch[i].Partition}, offset {batch[i].Offset}", batch[i].Value);
            yield return records;
        }
    }

    public override void Dispose() => _reader.Dispose();
}
