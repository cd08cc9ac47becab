using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// Brings the partitions to the same commit point. What a partition sends behind the point waits until the others have come to it too; that is no more
/// than their queues hold, since enqueue waits for the slowest.
/// </summary>
internal sealed class BarrierAligner(int partitions)
{
    private readonly bool[] _isThere = new bool[partitions];
    private Queue<SpiBatch> _ahead = new();
    private Queue<SpiBatch> _released = new();
    private int _there;

    /// <summary>Whether limits have forced sessions to end so far.</summary>
    public bool Forced { get; private set; }

    /// <summary>Keeps a batch that lies behind a point to which the others have not come.</summary>
    /// <returns>False for one that is in its turn.</returns>
    public bool Keeps(SpiBatch batch)
    {
        if (!_isThere[batch.Partition])
            return false;
        _ahead.Enqueue(batch);
        return true;
    }

    /// <summary>A partition has come to a point.</summary>
    /// <returns>Whether it was the last to come.</returns>
    public bool Arrives(SpiBatch mark)
    {
        Forced |= mark.Forced;
        _isThere[mark.Partition] = true;
        if (++_there < _isThere.Length)
            return false;
        Array.Clear(_isThere);
        _there = 0;
        // The last to come had nothing kept, so nothing that was released before can be left.
        (_ahead, _released) = (_released, _ahead);
        return true;
    }

    /// <summary>The next of the batches that were kept, now that their turn has come.</summary>
    public SpiBatch? Next()
    {
        while (_released.TryDequeue(out SpiBatch? batch))
        {
            if (!Keeps(batch))
                return batch;
        }
        return null;
    }
}
