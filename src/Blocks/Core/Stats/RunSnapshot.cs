namespace FlowPipe.Core.Stats;

/// <summary>What a run has done so far: the line on the terminal, the file of <c>--stats</c> and the ledger at the end are made of it.</summary>
public sealed record RunSnapshot
{
    /// <summary>What the run is doing: <c>starting reading draining done failed</c>.</summary>
    public string State { get; init; } = "starting";

    /// <summary>Time since it began, by the wall clock.</summary>
    public double Seconds { get; init; }

    /// <summary>What was read.</summary>
    public ReaderFigures Reader { get; init; } = new();

    /// <summary>Packets by what became of them in enqueue, by the names of <see cref="Abstractions.PacketRc"/>.</summary>
    public IReadOnlyDictionary<string, long> Verdicts { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>The partitions' sessions, added up.</summary>
    public SessionFigures Sessions { get; init; } = new();

    /// <summary>Where the sessions' packets went; null when they stay in what was read.</summary>
    public WriterFigures? Writer { get; init; }

    /// <summary>Records made.</summary>
    public long Records { get; init; }

    /// <summary>Packets that those records stand for.</summary>
    public long RecordPackets { get; init; }

    /// <summary>The same by the reason why they were made.</summary>
    public IReadOnlyDictionary<string, long> RecordsByReason { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>The blocks and their queues, in the order of the data's way.</summary>
    public IReadOnlyList<BlockFigures> Blocks { get; init; } = [];

    /// <summary>What became of the records, sink by sink.</summary>
    public IReadOnlyList<SinkFigures> Sinks { get; init; } = [];

    /// <summary>What plugins have counted: those that count something or have thrown an exception.</summary>
    public IReadOnlyList<PluginFigure> Plugins { get; init; } = [];

    /// <summary>The account of packets and records (DESIGN law 5).</summary>
    public Ledger Ledger { get; init; } = new();
}

/// <summary>What was read.</summary>
public sealed record ReaderFigures
{
    public long Packets { get; init; }
    public long Bytes { get; init; }
    public long Filtered { get; init; }
    public long Sources { get; init; }
    public long Damaged { get; init; }

    /// <summary>Of the packets, those that were read from an interface and that nobody had room for.</summary>
    public long Shed { get; init; }

    /// <summary>Packets that the kernel counted for us at interfaces, those that it dropped included.</summary>
    public long KernelPackets { get; init; }

    /// <summary>Of these, those that it dropped; they are not among the packets.</summary>
    public long KernelDropped { get; init; }

    /// <summary>How often the kernel found a ring full and took nothing until there was room.</summary>
    public long KernelFreezes { get; init; }
}

/// <summary>Sessions by where they are.</summary>
public sealed record SessionFigures
{
    public long Open { get; init; }

    /// <summary>Packets of sessions that were not begun, under overload.</summary>
    public long Refused { get; init; }

    /// <summary>Packets that a plugin's protocol could not put into a session.</summary>
    public long Failed { get; init; }
    public long Created { get; init; }
    public long Spare { get; init; }
    public long Recycled { get; init; }

    /// <summary>Session objects made so far.</summary>
    public long Made { get; init; }

    /// <summary>Spare ones given up so far.</summary>
    public long Trimmed { get; init; }

    /// <summary>Bytes that open sessions take, as <c>flow.memcap</c> counts them.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>The most that there were.</summary>
    public long PeakMemoryBytes { get; init; }

    /// <summary>Partitions in emergency mode now.</summary>
    public long InEmergency { get; init; }

    /// <summary>How often a partition went into it.</summary>
    public long Emergencies { get; init; }

    /// <summary>Sessions ended for lack of room.</summary>
    public long Evicted { get; init; }

    /// <summary>Sessions ended by the timeouts of emergency mode alone.</summary>
    public long EndedEarly { get; init; }

    /// <summary>Open sessions by state: <c>new established closed</c>.</summary>
    public IReadOnlyDictionary<string, long> ByState { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);
}

/// <summary>What one plugin has counted.</summary>
public sealed record PluginFigure
{
    public required string Name { get; init; }

    /// <summary>Exceptions out of it, parsers' included.</summary>
    public long Errors { get; init; }

    /// <summary>Its own counters.</summary>
    public IReadOnlyDictionary<string, long> Counters { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);
}

/// <summary>Packets and the files that they were written to.</summary>
public sealed record WriterFigures
{
    /// <summary>Packets on disk.</summary>
    public long Packets { get; init; }

    /// <summary>Bytes of them with their headers.</summary>
    public long Bytes { get; init; }

    /// <summary>What these take on disk.</summary>
    public long DiskBytes { get; init; }

    /// <summary>Packets that were not kept, as the disk was behind or refused.</summary>
    public long Unsaved { get; init; }

    /// <summary>Packets that were on their way to a disk that refused them.</summary>
    public long Lost { get; init; }

    /// <summary>Packets on their way.</summary>
    public long Open { get; init; }
    public long FilesOpened { get; init; }
    public long FilesClosed { get; init; }

    /// <summary>Files removed to make room.</summary>
    public long FilesRemoved { get; init; }
}

/// <summary>A block and its queue.</summary>
public sealed record BlockFigures
{
    public required string Name { get; init; }
    public int Queued { get; init; }
    public int Capacity { get; init; }
    public long Messages { get; init; }
}

/// <summary>The fates of one sink's records.</summary>
public sealed record SinkFigures
{
    public required string Name { get; init; }

    /// <summary>Records given to it, and <see cref="Copied"/>.</summary>
    public long Accepted { get; init; }

    /// <summary>Records that routes sent to further topics.</summary>
    public long Copied { get; init; }
    public long Delivered { get; init; }

    /// <summary>Records that are dead letters, by reason.</summary>
    public IReadOnlyDictionary<string, long> DeadLettered { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Records of this run that are in the spool.</summary>
    public long Spooled { get; init; }

    /// <summary>Records for which the spool had no room.</summary>
    public long Evicted { get; init; }

    /// <summary>What earlier runs had left in the spool, by what became of it; no part of this run's account.</summary>
    public EarlierFigures Earlier { get; init; } = new();

    /// <summary>Committed by an earlier run with <c>--exactly-once</c>.</summary>
    public long CommittedBefore { get; init; }

    /// <summary>Left to the next run with <c>--exactly-once</c>.</summary>
    public long Postponed { get; init; }
    public long Failed { get; init; }

    /// <summary>The same by reason.</summary>
    public IReadOnlyDictionary<string, long> FailedByReason { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);
    public long Open { get; init; }
    public long Bytes { get; init; }
}

/// <summary>Records that earlier runs had left in a spool.</summary>
public sealed record EarlierFigures
{
    public long Delivered { get; init; }
    public long DeadLettered { get; init; }

    /// <summary>Given up for room, or found damaged.</summary>
    public long Lost { get; init; }
}

/// <summary>Every packet and record in exactly one line; whether the sums agree.</summary>
public sealed record Ledger
{
    public bool Balanced { get; init; } = true;
    public IReadOnlyList<LedgerLine> Lines { get; init; } = [];

    /// <summary>What does not agree, when it does not.</summary>
    public string? Imbalance { get; init; }
}

/// <summary>One count of the ledger.</summary>
public sealed record LedgerLine
{
    public required string Name { get; init; }
    public long Count { get; init; }
}
