namespace FlowPipe.Schemas;

/// <summary>All fields of the record, read once from <c>fields.tsv</c>. Immutable.</summary>
public sealed class FieldDictionary
{
    /// <summary>The dictionary that this build was made with.</summary>
    public static FieldDictionary Default { get; } = new();

    /// <summary>The fields in the order of the schema: <c>Fields[n - 1].Field.Number == n</c>.</summary>
    public IReadOnlyList<FieldDefinition> Fields => throw new NotSupportedException();

    /// <summary>The handle of a field.</summary>
    /// <param name="name">Its name in the dictionary.</param>
    /// <exception cref="KeyNotFoundException">There is no such field; the message names the nearest.</exception>
    public SpiField this[string name] => throw new NotSupportedException(name);

    /// <summary>What the dictionary says of a field.</summary>
    public FieldDefinition Definition(SpiField field) => throw new NotSupportedException();
}
