using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.Routing;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Sinks;

namespace FlowPipe.Pipeline.Topics;

/// <summary>A cluster and the topics that a run with these settings wants there.</summary>
/// <param name="Brokers">host[:port],…</param>
/// <param name="Topics">Names by what they are for, each once.</param>
internal sealed record ClusterTopics(string Brokers, IReadOnlyList<(TopicRole Role, string Name)> Topics)
{
    /// <summary>How they should be on so many brokers.</summary>
    /// <exception cref="FlowPipeException">The settings would lose records.</exception>
    public List<PlannedTopic> Plan(FlowPipeSettings settings, int brokers) =>
        [.. Topics.Select(topic => new PlannedTopic(topic.Role, topic.Name, settings.Topics[(int)topic.Role], brokers))];
}

/// <summary>Finds out which topics the settings want, and where.</summary>
internal static class TopicPlan
{
    private const string Records = "flowpipe.spi.v1";
    private const string Figures = "flowpipe.stats.v1";

    /// <param name="settings">The settings in force.</param>
    /// <param name="brokers">The cluster; null for those of the sinks.</param>
    /// <exception cref="FlowPipeException">No cluster is named.</exception>
    public static IReadOnlyList<ClusterTopics> Of(FlowPipeSettings settings, string? brokers)
    {
        if (
            brokers is not null
            && (brokers.Contains('/', StringComparison.Ordinal) || KafkaTarget.Parse($"//{brokers}/{Records}").IsEmbedded)
        )
            throw new FlowPipeException($"--brokers {brokers}: write HOST:PORT,…") { IsWrongUsage = true };
        var clusters = new List<(string Brokers, List<string> Records)>();
        foreach (KafkaTarget target in settings.KafkaTargetsThatStay())
        {
            string where = brokers ?? target.Brokers;
            int known = clusters.FindIndex(cluster => cluster.Brokers == where);
            if (known < 0)
                clusters.Add((where, [target.Topic]));
            else
                clusters[known].Records.Add(target.Topic);
        }
        if (brokers is not null && clusters.Count == 0)
            clusters.Add((brokers, [Records]));
        return clusters.Count > 0
            ? [.. clusters.Select(cluster => new ClusterTopics(cluster.Brokers, [.. Named(settings, cluster.Records)]))]
            : throw new FlowPipeException("there is no cluster: give --brokers HOST:PORT, or --to kafka://HOST:PORT/TOPIC, or set 'to'")
            {
                IsWrongUsage = true,
            };
    }

    private static IEnumerable<(TopicRole Role, string Name)> Named(FlowPipeSettings settings, List<string> records)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach ((TopicRole role, string name) in All())
            if (name.Length > 0 && named.Add(name))
                yield return (role, name);

        IEnumerable<(TopicRole, string)> All()
        {
            foreach (string name in records)
                yield return (TopicRole.Spi, name);
            foreach (Route route in settings.Records.Routes)
                yield return (TopicRole.Spi, route.Topic);
            yield return (TopicRole.Stats, settings.Stats.Topic.Length > 0 ? settings.Stats.Topic : Figures);
            yield return (TopicRole.Dlq, settings.DeadLetters.Topic);
            yield return (TopicRole.Runs, settings.Manifest.Topic);
            yield return (TopicRole.Checkpoints, settings.ExactlyOnce.Topic);
            yield return (TopicRole.Files, settings.FilesTopic);
        }
    }
}
