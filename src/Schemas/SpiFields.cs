namespace FlowPipe.Schemas;

/// <summary>
/// The values of one session's (or one record's) fields, in one arena of bytes that is kept when the session is recycled. Belongs to one
/// thread at a time. Set types drop duplicates; single types keep the last value given.
/// </summary>
public sealed class SpiFields
{
    /// <summary>Bytes that the values take, for accounts of memory.</summary>
    public int MemoryBytes => throw new NotSupportedException();

    /// <summary>Adds an integer or a truth value (0 or 1).</summary>
    /// <returns>False when a set already had it, or when the session's limits leave it out.</returns>
    public bool Add(SpiField field, long value) => throw new NotSupportedException();

    /// <summary>Adds a double.</summary>
    public bool Add(SpiField field, double value) => throw new NotSupportedException();

    /// <summary>Adds a string. The bytes must be valid UTF-8; they are copied.</summary>
    public bool Add(SpiField field, ReadOnlySpan<byte> utf8) => throw new NotSupportedException();

    /// <summary>Adds an address; IPv4 as IPv4-mapped IPv6.</summary>
    public bool AddIp(SpiField field, UInt128 address) => throw new NotSupportedException();

    /// <summary>Sets an ordered list of integers that are already packed as zigzag varints.</summary>
    public bool AddPacked(SpiField field, int count, ReadOnlySpan<byte> zigzagVarints) => throw new NotSupportedException();

    /// <summary>Adds an entry to a map.</summary>
    public bool AddEntry(SpiField map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => throw new NotSupportedException();

    /// <summary>Begins a record that repeats: what is added until <see cref="End"/> is part of it. Records may nest.</summary>
    public void Begin(SpiField record) => throw new NotSupportedException();

    /// <summary>Ends the record begun last.</summary>
    public void End(SpiField record) => throw new NotSupportedException();

    /// <summary>Ends the record begun last, and drops it when an equal one was added before.</summary>
    /// <returns>False when it was dropped.</returns>
    public bool EndUnlessSeen(SpiField record) => throw new NotSupportedException();

    /// <summary>Whether any value of the field was added.</summary>
    public bool Has(SpiField field) => throw new NotSupportedException();

    /// <summary>Whether the set already holds the string.</summary>
    public bool Contains(SpiField field, ReadOnlySpan<byte> utf8) => throw new NotSupportedException();

    /// <summary>Forgets all values and keeps the memory, unless it has grown beyond what a session usually needs.</summary>
    public void Reset() => throw new NotSupportedException();
}
