namespace FlowPipe.Core.Enqueue;

/// <summary>How far apart commit points are: whichever of these comes first.</summary>
public sealed record CommitSettings
{
    /// <summary>Packets between two of them.</summary>
    public long Packets { get; init; } = 1_000_000;

    /// <summary>Seconds between two of them.</summary>
    public int Seconds { get; init; } = 10;

    /// <summary>Bytes of records between two of them, which are kept until they are committed.</summary>
    public long Bytes { get; init; } = 64 << 20;
}
