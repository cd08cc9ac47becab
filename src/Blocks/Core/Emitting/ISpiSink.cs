using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting;

/// <summary>Where records go. Called by the emit block alone, one batch at a time.</summary>
public interface ISpiSink : IAsyncDisposable
{
    /// <summary>As the user named it, without secrets.</summary>
    string Name { get; }

    /// <summary>Whether it needs the records' Avro form.</summary>
    bool WantsAvro { get; }

    /// <summary>Whether it needs the records' JSON form.</summary>
    bool WantsJson { get; }

    /// <summary>What became of the records given to it; may be read from any thread.</summary>
    SinkCounts Counts { get; }

    /// <summary>Opens it, before the first packet is read.</summary>
    /// <exception cref="FlowPipeException">It can't be had: the message says what to do.</exception>
    ValueTask OpenAsync(CancellationToken stop);

    /// <summary>Takes the records of a batch, waiting while there is no room. The batch is recycled when it returns.</summary>
    ValueTask WriteAsync(SpiBatch batch);

    /// <summary>Waits until every record has met its fate, or the deadline has come.</summary>
    ValueTask FlushAsync(CancellationToken deadline);
}

/// <summary>The fates of a sink's records. Delivery reports come on other threads, hence Interlocked.</summary>
public sealed class SinkCounts
{
    private long _accepted;
    private long _delivered;
    private long _failed;
    private long _before;
    private long _postponed;
    private long _bytes;

    /// <summary>Records given to the sink.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Records that are where they should be: acknowledged by the broker, written to the file.</summary>
    public long Delivered => Interlocked.Read(ref _delivered);

    /// <summary>Records that could not be delivered; each was reported.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Bytes of the delivered records, as encoded.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Records that an earlier run has committed.</summary>
    public long CommittedBefore => Interlocked.Read(ref _before);

    /// <summary>Records behind the last commit point of a run that was stopped: the next one makes and commits them.</summary>
    public long Postponed => Interlocked.Read(ref _postponed);

    /// <summary>Records whose fate is open.</summary>
    public long Open => Accepted - Delivered - Failed - CommittedBefore - Postponed;

    /// <summary>Counts records given to the sink.</summary>
    public void Accept(long records) => Interlocked.Add(ref _accepted, records);

    /// <summary>Counts records delivered.</summary>
    public void Deliver(long records, long bytes)
    {
        Interlocked.Add(ref _delivered, records);
        Interlocked.Add(ref _bytes, bytes);
    }

    /// <summary>Counts records that an earlier run has committed.</summary>
    public void CommitBefore(long records) => Interlocked.Add(ref _before, records);

    /// <summary>Counts records that are left to the next run.</summary>
    public void Postpone(long records) => Interlocked.Add(ref _postponed, records);

    /// <summary>Counts records lost.</summary>
    public void Fail(long records) => Interlocked.Add(ref _failed, records);
}
