namespace FlowPipe.Schemas;

/// <summary>What becomes of a field's values before a record is encoded.</summary>
public enum FieldAction : byte
{
    /// <summary>They leave as they are.</summary>
    Keep,

    /// <summary>They don't leave.</summary>
    Drop,

    /// <summary>A keyed hash leaves in place of each.</summary>
    Hash,
}
