namespace FlowPipe.Core.Emitting.Encodings;

/// <summary>What Arkime's own formats need to know, under Arkime's names.</summary>
public sealed record ArkimeSettings
{
    /// <summary>What the indices' names begin with.</summary>
    public string Prefix { get; init; } = "arkime_";

    /// <summary>How often a new index begins.</summary>
    public string RotateIndex { get; init; } = "daily";

    /// <summary>Bytes that a message of several documents may have, unless one alone has more.</summary>
    public int DbBulkSize { get; init; } = 300_000;
}
