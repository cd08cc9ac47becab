using FlowPipe.Core.Consuming;
using FlowPipe.Core.Emitting;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>What is in a topic of an embedded broker.</summary>
internal static class EmbeddedTopic
{
    /// <summary>All its messages, partition by partition.</summary>
    public static async Task<List<TopicRecord>> ReadAsync(EmbeddedKafka kafka, string topic)
    {
        using var reader = new KafkaTopicReader(new KafkaTarget("", topic), new Dictionary<string, string>(StringComparer.Ordinal), kafka);
        await reader.OpenAsync(TestContext.Current.CancellationToken);
        return
        [
            .. reader
                .Read(follow: false, TestContext.Current.CancellationToken)
                .SelectMany(static batch => batch)
                .OrderBy(static message => (message.Partition, message.Offset)),
        ];
    }
}
