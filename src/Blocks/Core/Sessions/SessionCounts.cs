namespace FlowPipe.Core.Sessions;

/// <summary>One partition's counters, as they stood at one moment.</summary>
public sealed record SessionCounts
{
    /// <summary>Packets given to sessions.</summary>
    public long Packets { get; init; }

    /// <summary>Packets of sessions that were not begun, under overload.</summary>
    public long Refused { get; init; }

    /// <summary>Packets given to the writer.</summary>
    public long SavedPackets { get; init; }

    /// <summary>Packets that were to be written, but the disk was behind or refused.</summary>
    public long UnsavedPackets { get; init; }

    /// <summary>Packets in the records made so far.</summary>
    public long RecordPackets { get; init; }

    /// <summary>Packets in sessions that are still open.</summary>
    public long OpenPackets { get; init; }

    /// <summary>Sessions begun.</summary>
    public long Created { get; init; }

    /// <summary>Sessions open.</summary>
    public long Open { get; init; }

    /// <summary>Of these, by <see cref="Abstractions.FlowState"/>.</summary>
    public IReadOnlyList<long> ByState { get; init; } = [];

    /// <summary>Sessions ready for use.</summary>
    public long Spare { get; init; }

    /// <summary>Sessions returned to the pool so far.</summary>
    public long Recycled { get; init; }

    /// <summary>Sessions made so far, preallocated ones included.</summary>
    public long Made { get; init; }

    /// <summary>Spare sessions given up so far, because fewer were in use.</summary>
    public long Trimmed { get; init; }

    /// <summary>Buckets of the flow table.</summary>
    public long TableCapacity { get; init; }

    /// <summary>Bytes that sessions have borrowed for positions.</summary>
    public long PooledBytes { get; init; }

    /// <summary>Bytes of TCP segments that wait for earlier ones.</summary>
    public long HeldBytes { get; init; }

    /// <summary>Gaps in TCP streams that were given up.</summary>
    public long TcpGaps { get; init; }

    /// <summary>What open sessions take: themselves, their values, positions and places in the table; what <c>flow.memcap</c> limits.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>The most of these that there were; of several partitions, the sum of what was most in each.</summary>
    public long PeakMemoryBytes { get; init; }

    /// <summary>Partitions in emergency mode.</summary>
    public long InEmergency { get; init; }

    /// <summary>How often a partition went into emergency mode.</summary>
    public long Emergencies { get; init; }

    /// <summary>Sessions ended for lack of room.</summary>
    public long Evicted { get; init; }

    /// <summary>Sessions ended by the timeouts of emergency mode that would have gone on by the normal ones.</summary>
    public long EndedEarly { get; init; }

    /// <summary>Exceptions out of parsers and other callbacks of plugins.</summary>
    public long PluginFaults { get; init; }

    /// <summary>Packets that a plugin's protocol could not put into a session, because it threw an exception.</summary>
    public long Failed { get; init; }

    /// <summary>Records made.</summary>
    public long Records { get; init; }

    /// <summary>Bytes of the records, as encoded.</summary>
    public long RecordBytes { get; init; }

    /// <summary>Records by <see cref="Abstractions.EndReason"/>.</summary>
    public IReadOnlyList<long> ByReason { get; init; } = [];

    /// <summary>Both added up.</summary>
    public SessionCounts Plus(SessionCounts other) =>
        new()
        {
            Packets = Packets + other.Packets,
            Refused = Refused + other.Refused,
            SavedPackets = SavedPackets + other.SavedPackets,
            UnsavedPackets = UnsavedPackets + other.UnsavedPackets,
            RecordPackets = RecordPackets + other.RecordPackets,
            OpenPackets = OpenPackets + other.OpenPackets,
            Created = Created + other.Created,
            Open = Open + other.Open,
            ByState = Sum(ByState, other.ByState),
            Spare = Spare + other.Spare,
            Recycled = Recycled + other.Recycled,
            Made = Made + other.Made,
            Trimmed = Trimmed + other.Trimmed,
            TableCapacity = TableCapacity + other.TableCapacity,
            PooledBytes = PooledBytes + other.PooledBytes,
            HeldBytes = HeldBytes + other.HeldBytes,
            TcpGaps = TcpGaps + other.TcpGaps,
            MemoryBytes = MemoryBytes + other.MemoryBytes,
            PeakMemoryBytes = PeakMemoryBytes + other.PeakMemoryBytes,
            InEmergency = InEmergency + other.InEmergency,
            Emergencies = Emergencies + other.Emergencies,
            Evicted = Evicted + other.Evicted,
            EndedEarly = EndedEarly + other.EndedEarly,
            PluginFaults = PluginFaults + other.PluginFaults,
            Failed = Failed + other.Failed,
            Records = Records + other.Records,
            RecordBytes = RecordBytes + other.RecordBytes,
            ByReason = Sum(ByReason, other.ByReason),
        };

    private static long[] Sum(IReadOnlyList<long> left, IReadOnlyList<long> right)
    {
        var sum = new long[Math.Max(left.Count, right.Count)];
        for (int i = 0; i < sum.Length; i++)
            sum[i] = (i < left.Count ? left[i] : 0) + (i < right.Count ? right[i] : 0);
        return sum;
    }
}
