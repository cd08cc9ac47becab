using static FlowPipe.Pipeline.Configuration.ConfigKey;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>Settings of the topics that <c>flowpipe topics</c> creates and checks: three for each role, all alike, so made rather than listed.</summary>
internal static class TopicKeys
{
    private const int PartitionsMax = 10_000;

    /// <summary>Kafka keeps the number of replicas in 16 bits; nobody has so many brokers.</summary>
    private const int ReplicationMax = 1_000;

    public static IReadOnlyList<ConfigKey> All { get; } = [.. Enum.GetValues<TopicRole>().SelectMany(KeysOf)];

    /// <summary>The role's name in settings.</summary>
    public static string NameOf(TopicRole role) => role.ToString().ToLowerInvariant();

    /// <summary>Takes <c>NAME=VALUE</c> apart.</summary>
    public static bool TryParse(string text, out string name, out string value)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        name = equals < 0 ? text : text[..equals];
        value = equals < 0 ? "" : text[(equals + 1)..];
        return equals > 0 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
    }

    private static IEnumerable<ConfigKey> KeysOf(TopicRole role)
    {
        string prefix = $"topics.{NameOf(role)}.";
        string which = role switch
        {
            TopicRole.Spi => "the topics of records (those of sinks and routes)",
            TopicRole.Stats => "the topic of figures (stats.topic)",
            TopicRole.Dlq => "the topic of dead letters (deadLetters.topic)",
            TopicRole.Runs => "the topic of manifests (manifest.topic)",
            TopicRole.Checkpoints => "the topic of checkpoints (exactlyOnce.topic)",
            _ => "the topic of packet files (files.topic)",
        };
        yield return Number(
            prefix + "partitions",
            0,
            PartitionsMax,
            s => Of(s, role).Partitions,
            (s, v) => With(s, role, Of(s, role) with { Partitions = v }),
            role == TopicRole.Spi
                ? $"Partitions of {which} for 'flowpipe topics'; 0 for 12, or three a broker where that is more"
                : $"Partitions of {which} for 'flowpipe topics'; 0 for 1"
        );
        yield return Number(
            prefix + "replication",
            0,
            ReplicationMax,
            s => Of(s, role).Replication,
            (s, v) => With(s, role, Of(s, role) with { Replication = v }),
            "Its replicas; 0 for three, or as many as there are brokers"
        );
        yield return List(
            prefix + "config",
            "properties of topics as NAME=VALUE, by Kafka's names",
            static text => TryParse(text, out _, out _),
            s => Of(s, role).Config,
            (s, v) => With(s, role, Of(s, role) with { Config = v }),
            "Its properties such as retention.ms=86400000, besides those that docs/operations.md lists or instead of them; NAME= leaves one to the cluster"
        );
    }

    private static TopicSettings Of(FlowPipeSettings settings, TopicRole role) => settings.Topics[(int)role];

    private static FlowPipeSettings With(FlowPipeSettings settings, TopicRole role, TopicSettings changed)
    {
        TopicSettings[] topics = [.. settings.Topics];
        topics[(int)role] = changed;
        return settings with { Topics = topics };
    }
}
