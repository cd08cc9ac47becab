namespace FlowPipe.Schemas;

/// <summary>
/// Which fields may leave the sensor, as its user says it. An entry is a field's name (<c>http.user-agent</c>), a group (<c>http</c>), or the
/// beginning of names with <c>.*</c> behind it: <c>http.*</c> is the group and all fields whose names begin so.
/// </summary>
public sealed record FieldChoice
{
    /// <summary>Only these leave, and what every record must have; empty for all.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>These don't, whatever the others say.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>These leave as keyed hashes. Of groups, what is neither text nor address is left out.</summary>
    public IReadOnlyList<string> Hash { get; init; } = [];

    /// <summary>Whether nothing was chosen, so that all leaves as it is.</summary>
    public bool IsEmpty => Include.Count + Exclude.Count + Hash.Count == 0;
}
