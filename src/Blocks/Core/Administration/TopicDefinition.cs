namespace FlowPipe.Core.Administration;

/// <summary>A topic as it should be, or as it is.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Partitions">How many partitions.</param>
/// <param name="Replication">Replicas of each; of those that differ the fewest.</param>
/// <param name="Properties">Its properties, by Kafka's own names; of one that is: all in force, wherever they were set.</param>
public sealed record TopicDefinition(string Name, int Partitions, int Replication, IReadOnlyDictionary<string, string> Properties);

/// <summary>What the brokers say of a topic, or answered when it was to be created.</summary>
/// <param name="Name">Its name.</param>
public sealed record TopicAnswer(string Name)
{
    /// <summary>As it is; null when there is none, or it can't be told.</summary>
    public TopicDefinition? Topic { get; init; }

    /// <summary>Why it can't be told or created, and what to do; null when nothing is wrong.</summary>
    public string? Fault { get; init; }

    /// <summary>Whether it has been created just now.</summary>
    public bool IsNew { get; init; }
}
