namespace FlowPipe.Core.Consuming;

/// <summary>Which part of a topic is read.</summary>
public sealed record TopicReading
{
    /// <summary>Go on with what is produced from now on.</summary>
    public bool Follow { get; init; }

    /// <summary>The partitions; none for all.</summary>
    public IReadOnlyList<int> Partitions { get; init; } = [];

    /// <summary>The one message at this offset, in the one partition named; null for all.</summary>
    public long? Offset { get; init; }

    /// <summary>Messages sent from then on, UTC.</summary>
    public DateTime? Since { get; init; }

    /// <summary>Messages sent before then, UTC.</summary>
    public DateTime? Until { get; init; }

    /// <summary>The consumer group whose members share the topic, and whose place is kept by the brokers; null for none.</summary>
    public string? Group { get; init; }
}
