namespace FlowPipe.Schemas;

/// <summary>What a column holds, as other systems see it.</summary>
internal enum ColumnType
{
    Int,
    Long,

    /// <summary>Milliseconds since 1970: a <c>timestamp-millis</c> in Avro, a number in JSON.</summary>
    Time,
    Bool,
    Double,
    Text,

    /// <summary>An address as text.</summary>
    Address,

    /// <summary>Names and texts.</summary>
    Map,
    Record,
}

/// <summary>A column of the record, or of a record in it, under the name that one of the encodings gives it.</summary>
internal sealed record Column(string Name, ColumnType Type)
{
    /// <summary>Whether there are several values of the type.</summary>
    public bool IsList { get; init; }

    /// <summary>Whether the encoding may leave it out, or has null for it.</summary>
    public bool IsOptional { get; init; } = true;

    /// <summary>Whether its values are all different.</summary>
    public bool IsSet { get; init; }

    /// <summary>Columns of a record.</summary>
    public IReadOnlyList<Column> Columns { get; init; } = [];

    /// <summary>What it is, in a sentence; empty for a mere container.</summary>
    public string Help { get; init; } = "";
}
