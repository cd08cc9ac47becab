namespace FlowPipe.Pipeline.Configuration;

/// <summary>How a topic is made, and what <c>flowpipe topics check</c> wants it to be.</summary>
internal sealed record TopicSettings
{
    /// <summary>Partitions; 0 for a number that fits the cluster.</summary>
    public int Partitions { get; init; }

    /// <summary>Replicas; 0 for three, or as many as there are brokers.</summary>
    public int Replication { get; init; }

    /// <summary>Properties as NAME=VALUE, by Kafka's names; without a value the cluster's default holds.</summary>
    public IReadOnlyList<string> Config { get; init; } = [];
}

/// <summary>What a topic is for.</summary>
internal enum TopicRole
{
    /// <summary>Session records.</summary>
    Spi,

    /// <summary>Figures of runs.</summary>
    Stats,

    /// <summary>Records that could not be delivered.</summary>
    Dlq,

    /// <summary>Manifests of runs.</summary>
    Runs,

    /// <summary>How far replays are committed.</summary>
    Checkpoints,

    /// <summary>Files of packets.</summary>
    Files,
}
