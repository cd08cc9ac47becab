using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>A record as it was found in a topic or file: an Avro record's values, or a JSON document, or what is wrong with it.</summary>
/// <param name="Where">The place, as shown to the user.</param>
internal readonly record struct StoredRecord(string Where)
{
    /// <summary>Of an Avro record.</summary>
    public SpiFields? Values { get; init; }

    /// <summary>The <c>sessions3</c> document, when it is one; or that of <see cref="ForeignName"/>.</summary>
    public ReadOnlyMemory<byte> Json { get; init; }

    /// <summary>Full name of the record in its schema, when that is not FlowPipe's.</summary>
    public string? ForeignName { get; init; }

    /// <summary>Why it can't be read, when it can't.</summary>
    public string? Fault { get; init; }

    /// <summary>In a topic: the partition and, with the last record of a message, its offset; else -1.</summary>
    public (int Partition, long Offset) Message { get; init; } = (-1, -1);
}

/// <summary>Where records are read from.</summary>
internal abstract class RecordSource : IDisposable
{
    /// <summary>The records, in batches of what is there. Blocks.</summary>
    public abstract IEnumerable<IReadOnlyList<StoredRecord>> Read(CancellationToken stop);

    /// <summary>A record has been dealt with.</summary>
    public virtual void Took(in StoredRecord record) { }

    /// <summary>What was dealt with has been shown.</summary>
    public virtual void Shown() { }

    public abstract void Dispose();
}
