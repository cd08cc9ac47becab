namespace FlowPipe.Core.Emitting.Spooling;

/// <summary>What becomes of a record that finds the spool full.</summary>
public enum SpoolOnFull
{
    /// <summary>It waits, and what makes records with it.</summary>
    Wait,

    /// <summary>The oldest segment gives way; its records are counted as evicted.</summary>
    DropOldest,

    /// <summary>It is not kept, and counted as evicted.</summary>
    DropNewest,
}

/// <summary>When records go to the spool.</summary>
public enum SpoolUse
{
    /// <summary>When packets come from an interface; files wait for brokers.</summary>
    Live,

    /// <summary>Files, too.</summary>
    Always,

    /// <summary>Not even then: the directory is only looked at by <c>flowpipe spool</c>.</summary>
    Never,
}

/// <summary>The spool on disk.</summary>
public sealed record SpoolSettings
{
    /// <summary>Directory of all sinks' spools; empty for none.</summary>
    public string Dir { get; init; } = "";

    /// <summary>Bytes that one sink's spool may have.</summary>
    public long MaxBytes { get; init; } = 1L << 30;

    /// <summary>Bytes at which a segment is sealed and the next one begun.</summary>
    public long SegmentBytes { get; init; } = 16L << 20;

    public SpoolOnFull OnFull { get; init; }

    public SpoolUse Use { get; init; }

    /// <summary>A segment's size in a spool of this size: eviction takes a segment, which must not be all there is.</summary>
    internal long SegmentLimit => Math.Min(SegmentBytes, Math.Max(1, MaxBytes / 4));
}
