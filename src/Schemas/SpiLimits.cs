namespace FlowPipe.Schemas;

/// <summary>What one <see cref="SpiFields"/> may hold: a session is made by strangers.</summary>
public sealed record SpiLimits
{
    /// <summary>The limits of a store that is given none.</summary>
    public static SpiLimits Default { get; } = new();

    /// <summary>Values of one set, or records of one kind within the record around them; what comes later is left out.</summary>
    public int ValuesPerField { get; init; } = 10_000;

    /// <summary>Bytes of one string, the rest is cut off between characters. The default is the longest term that Lucene indexes.</summary>
    public int BytesPerValue { get; init; } = 32_766;

    /// <summary>Bytes of all values. Beyond them no set grows; single values, bounded in number, still get in.</summary>
    public int Bytes { get; init; } = 1 << 20;
}
