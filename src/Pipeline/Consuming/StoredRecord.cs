using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>A record as it was found in a topic or file: an Avro record's values, or a JSON document, or what is wrong with it.</summary>
/// <param name="Where">The place, as shown to the user.</param>
internal readonly record struct StoredRecord(string Where)
{
    /// <summary>Of an Avro record.</summary>
    public SpiFields? Values { get; init; }

    /// <summary>The <c>sessions3</c> document, when it is one.</summary>
    public ReadOnlyMemory<byte> Json { get; init; }

    /// <summary>Why it can't be read, when it can't.</summary>
    public string? Fault { get; init; }
}

/// <summary>Where records are read from.</summary>
internal abstract class RecordSource : IDisposable
{
    /// <summary>The records, in batches of what is there. Blocks.</summary>
    public abstract IEnumerable<IReadOnlyList<StoredRecord>> Read(CancellationToken stop);

    public abstract void Dispose();
}
