namespace FlowPipe.Core.Emitting;

/// <summary>
/// The fates of a sink's records: <c>accepted = delivered + dead-lettered + failed + spooled + evicted + committed before + postponed + open</c>. A record
/// that goes to several topics counts once for each. Delivery reports come on other threads, hence Interlocked.
/// </summary>
public sealed class SinkCounts
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _deadLetters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _failures = new(StringComparer.Ordinal);
    private long _accepted;
    private long _copied;
    private long _delivered;
    private long _deadLettered;
    private long _failed;
    private long _spooled;
    private long _evicted;
    private long _before;
    private long _postponed;
    private long _bytes;
    private long _earlierDelivered;
    private long _earlierDeadLettered;
    private long _earlierLost;

    /// <summary>Records given to the sink, and the further ones that its routes made of them.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Of these, the further ones.</summary>
    public long Copied => Interlocked.Read(ref _copied);

    /// <summary>Records that are where they should be: acknowledged by the broker, written to the file.</summary>
    public long Delivered => Interlocked.Read(ref _delivered);

    /// <summary>Records that are dead letters, in their topic or file.</summary>
    public long DeadLettered => Interlocked.Read(ref _deadLettered);

    /// <summary>Records that could not be delivered; each was reported.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Records of this run that are in the spool now.</summary>
    public long Spooled => Interlocked.Read(ref _spooled);

    /// <summary>Records for which the spool had no room.</summary>
    public long Evicted => Interlocked.Read(ref _evicted);

    /// <summary>Bytes of the delivered records, as encoded.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Records that an earlier run has committed.</summary>
    public long CommittedBefore => Interlocked.Read(ref _before);

    /// <summary>Records behind the last commit point of a run that was stopped: the next one makes and commits them.</summary>
    public long Postponed => Interlocked.Read(ref _postponed);

    /// <summary>Records whose fate is open.</summary>
    public long Open => Accepted - Delivered - DeadLettered - Failed - Spooled - Evicted - CommittedBefore - Postponed;

    /// <summary>Records that earlier runs had left in the spool: delivered now, which is no part of this run's account.</summary>
    public long EarlierDelivered => Interlocked.Read(ref _earlierDelivered);

    /// <summary>Of these, dead-lettered.</summary>
    public long EarlierDeadLettered => Interlocked.Read(ref _earlierDeadLettered);

    /// <summary>Of these, given up for room, or found damaged.</summary>
    public long EarlierLost => Interlocked.Read(ref _earlierLost);

    /// <summary>Dead letters by reason.</summary>
    public IReadOnlyDictionary<string, long> DeadLettersByReason => CopyOf(_deadLetters);

    /// <summary>Failed records by reason.</summary>
    public IReadOnlyDictionary<string, long> FailedByReason => CopyOf(_failures);

    /// <summary>Counts records given to the sink.</summary>
    public void Accept(long records) => Interlocked.Add(ref _accepted, records);

    /// <summary>Counts further records that routes have made.</summary>
    public void Copy(long records)
    {
        Interlocked.Add(ref _copied, records);
        Interlocked.Add(ref _accepted, records);
    }

    /// <summary>Counts records delivered.</summary>
    public void Deliver(long records, long bytes)
    {
        Interlocked.Add(ref _delivered, records);
        Interlocked.Add(ref _bytes, bytes);
    }

    /// <summary>Counts records that became dead letters.</summary>
    public void DeadLetter(long records, string reason)
    {
        Interlocked.Add(ref _deadLettered, records);
        Count(_deadLetters, records, reason);
    }

    /// <summary>Counts records that an earlier run has committed.</summary>
    public void CommitBefore(long records) => Interlocked.Add(ref _before, records);

    /// <summary>Counts records that are left to the next run.</summary>
    public void Postpone(long records) => Interlocked.Add(ref _postponed, records);

    /// <summary>Counts records put into the spool; a negative number, those that have left it.</summary>
    public void Spool(long records) => Interlocked.Add(ref _spooled, records);

    /// <summary>Counts records for which the spool had no room.</summary>
    public void Evict(long records) => Interlocked.Add(ref _evicted, records);

    /// <summary>Counts records lost.</summary>
    public void Fail(long records, string reason = "failed")
    {
        Interlocked.Add(ref _failed, records);
        Count(_failures, records, reason);
    }

    /// <summary>Counts records of earlier runs that the spool has given up.</summary>
    public void DeliverEarlier(long records) => Interlocked.Add(ref _earlierDelivered, records);

    /// <summary>Counts such that became dead letters.</summary>
    public void DeadLetterEarlier(long records) => Interlocked.Add(ref _earlierDeadLettered, records);

    /// <summary>Counts such that are lost.</summary>
    public void LoseEarlier(long records) => Interlocked.Add(ref _earlierLost, records);

    private void Count(Dictionary<string, long> counts, long records, string reason)
    {
        lock (_lock)
            counts[reason] = counts.GetValueOrDefault(reason) + records;
    }

    private SortedDictionary<string, long> CopyOf(Dictionary<string, long> counts)
    {
        lock (_lock)
            return new SortedDictionary<string, long>(counts, StringComparer.Ordinal);
    }
}
