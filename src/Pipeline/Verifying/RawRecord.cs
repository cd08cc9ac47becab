using FlowPipe.Core.Digests;

namespace FlowPipe.Pipeline.Verifying;

/// <summary>A record as it lies in a topic or file, without its framing. Valid until the next one is asked for.</summary>
internal readonly record struct RawRecord
{
    public Guid Id { get; init; }
    public RecordEncoding Encoding { get; init; }
    public ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>Where the value of <c>file_uris</c> lies in it.</summary>
    public Range Uris { get; init; }
    public RecordPlace Place { get; init; }

    /// <summary>Why it can't be read, when it can't.</summary>
    public string? Fault { get; init; }
}

/// <summary>A place in a source: partition and offset, line, or block and number in it.</summary>
internal readonly record struct RecordPlace(long Major, long Minor);

/// <summary>Where records are read from, as often as need be: what was there at first is there each time.</summary>
internal abstract class RawSource
{
    /// <summary>As the user named it.</summary>
    public abstract string Name { get; }

    /// <summary>Of Avro records: the schema that they were written with, once reading has begun.</summary>
    public string? Schema { get; protected set; }

    /// <summary>All records, from the first on. Blocks.</summary>
    /// <exception cref="Core.FlowPipeException">It can't be read at all; records that can't have a fault instead.</exception>
    public abstract IEnumerable<RawRecord> Read(CancellationToken stop);

    /// <summary>A place, for the user.</summary>
    public abstract string Show(RecordPlace place);
}
