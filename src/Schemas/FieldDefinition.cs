namespace FlowPipe.Schemas;

/// <summary>One line of the field dictionary (<c>fields.tsv</c>), as it stands there.</summary>
public sealed record FieldDefinition
{
    /// <summary>The handle by which code adds values.</summary>
    public required SpiField Field { get; init; }

    /// <summary>The field's name: Arkime's expression where it is Arkime's field.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Path in the <c>sessions3</c> document, such as <c>source.ip</c> or, in a record that repeats, <c>dns[].host</c>; null when the
    /// document leaves it out.
    /// </summary>
    public required string? Sessions3 { get; init; }

    /// <summary>Path in the Avro record, such as <c>source.ip</c> or <c>packet_pos[].gaps</c>.</summary>
    public required string Avro { get; init; }

    /// <summary>The type as the dictionary spells it, which is finer than <see cref="SpiType"/>: it tells <c>long</c> from <c>time</c>.</summary>
    public required string TypeName { get; init; }

    /// <summary>Suffix of the count that <c>sessions3</c> has beside the values: <c>Cnt</c>, <c>-cnt</c>, or null.</summary>
    public string? CountSuffix { get; init; }

    /// <summary>Whether <c>sessions3</c> has it whenever its group is there, set or not.</summary>
    public bool Always { get; init; }

    /// <summary>Whether a session's linked records all have it; else each has what was seen since the record before.</summary>
    public bool Linked { get; init; }

    /// <summary>The Avro default of an integer, which stands for absent.</summary>
    public long Default { get; init; }

    /// <summary>The record that repeats and that this field is part of; none at the top.</summary>
    public SpiField Parent { get; init; }

    /// <summary>Whether every record has it, whatever its user wants to leave out: what tells records apart, orders and links them.</summary>
    public bool Required { get; init; }

    /// <summary>
    /// The group by which its user can name it: the record of the Avro schema that it lies in (<c>http</c>, <c>dns</c>), <c>record</c> for
    /// what every record has, <c>general</c> for the others at the top.
    /// </summary>
    public required string Group { get; init; }

    /// <summary>One sentence for <c>flowpipe fields</c>, the schema's doc and docs/records.md.</summary>
    public required string Help { get; init; }
}
