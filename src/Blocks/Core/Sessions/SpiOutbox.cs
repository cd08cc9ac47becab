using System.Collections.Concurrent;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Sessions;

/// <summary>A partition's records on their way out: the batch being filled, and the batches that come back from emit.</summary>
internal sealed class SpiOutbox
{
    private const int FullBytes = 512 * 1024;
    private readonly ConcurrentQueue<SpiBatch> _pool = new();
    private readonly int _partition;
    private SpiBatch? _current;

    public SpiOutbox(int partition) => _partition = partition;

    /// <summary>The batch being filled.</summary>
    public SpiBatch Current =>
        _current ??= _pool.TryDequeue(out SpiBatch? batch) ? batch : new SpiBatch(_pool.Enqueue) { Partition = _partition };

    /// <summary>Whether it must go before another packet is looked at: a packet makes at most three records.</summary>
    public bool IsFull { get; private set; }

    /// <summary>A record was added.</summary>
    public void Added(SpiBatch batch) =>
        IsFull = batch.Count > SpiBatch.Capacity - 4 || batch.AvroLength >= FullBytes || batch.JsonLength >= FullBytes;

    /// <summary>What is sent behind the last record before a commit point.</summary>
    public SpiBatch Mark(CommitPoint point, bool forced) =>
        new(null)
        {
            Partition = _partition,
            Commit = point,
            Forced = forced,
        };

    /// <summary>What is sent behind the last record before a milestone.</summary>
    public SpiBatch Mark(Milestone milestone) => new(null) { Partition = _partition, Milestone = milestone };

    /// <summary>The batch to send, if it holds any record.</summary>
    public SpiBatch? Take()
    {
        if (_current is not { Count: > 0 } batch)
            return null;
        _current = null;
        IsFull = false;
        return batch;
    }
}
