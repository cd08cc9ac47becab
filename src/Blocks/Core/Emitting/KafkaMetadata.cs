using System.Diagnostics;
using Confluent.Kafka;

namespace FlowPipe.Core.Emitting;

/// <summary>Asks the brokers for a topic before anything depends on it.</summary>
internal static class KafkaMetadata
{
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseBetweenTries = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a topic may be unknown: brokers that create topics on demand do it meanwhile.</summary>
    private static readonly TimeSpan UnknownTime = TimeSpan.FromSeconds(3);

    /// <summary>Waits until the brokers answer and know the topic.</summary>
    /// <exception cref="FlowPipeException">They don't; the message names them, the reason and what to do.</exception>
    public static async Task<TopicMetadata> FindTopicAsync(
        IAdminClient admin,
        KafkaTarget target,
        TimeSpan time,
        KafkaErrors errors,
        CancellationToken stop
    ) =>
        await TryFindTopicAsync(admin, target, time, errors, stop)
        ?? throw new FlowPipeException(
            $"{target}: no answer from the brokers in {time.TotalSeconds:0} s: {errors.LastReason ?? "they can't be reached"}; "
                + "check address, network and credentials, or give them longer with ?timeout=SECONDS"
        );

    /// <summary>Waits until the brokers answer and know the topic.</summary>
    /// <returns>Null when they don't answer.</returns>
    /// <exception cref="FlowPipeException">They do, and there is no such topic, or it is not ours.</exception>
    public static async Task<TopicMetadata?> TryFindTopicAsync(
        IAdminClient admin,
        KafkaTarget target,
        TimeSpan time,
        KafkaErrors errors,
        CancellationToken stop
    )
    {
        var watch = Stopwatch.StartNew();
        TimeSpan? unknownSince = null;
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            Error error;
            try
            {
                Metadata metadata = await GetAsync(admin, target.Topic);
                TopicMetadata topic = metadata.Topics[0];
                if (!topic.Error.IsError && topic.Partitions.Count > 0)
                {
                    return topic;
                }

                error = topic.Error;
            }
            catch (KafkaException e)
            {
                error = e.Error;
            }

            if (error.Code is ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed)
            {
                throw new FlowPipeException($"{target}: {errors.Explain(error)}");
            }

            bool unknown = error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic;
            unknownSince = unknown ? unknownSince ?? watch.Elapsed : null;
            if (watch.Elapsed >= time || watch.Elapsed - unknownSince >= UnknownTime)
            {
                return unknown ? throw new FlowPipeException($"{target}: {errors.Explain(error)}") : null;
            }

            await Task.Delay(PauseBetweenTries, stop);
        }
    }

    /// <summary>The call blocks: it gets a thread of its own.</summary>
    private static Task<Metadata> GetAsync(IAdminClient admin, string topic) =>
        Task.Factory.StartNew(
            () => admin.GetMetadata(topic, Slice),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
}
