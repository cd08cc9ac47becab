namespace FlowPipe.Core.Writing;

/// <summary>
/// How far the packets of each partition are on disk: the writer says it, emit waits for it. What a partition has appended is counted in generations: one
/// ends when the partition hands over what it has open.
/// </summary>
/// <param name="partitions">Whose packets there are.</param>
/// <param name="over">Nobody writes any more: waiting ends with an exception.</param>
public sealed class WrittenMarks(int partitions, CancellationToken over)
{
    private readonly Lock _gate = new();
    private readonly int[] _written = new int[partitions];
    private readonly List<(int First, int Last)>?[] _lost = new List<(int, int)>[partitions];
    private TaskCompletionSource? _waiter;

    /// <summary>Ends when all of the partition's packets up to this generation are written, or lost.</summary>
    public async ValueTask ReachedAsync(int partition, int generation)
    {
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (_written[partition] >= generation)
                    return;
                _waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                next = _waiter.Task;
            }
            await next.WaitAsync(over).ConfigureAwait(false);
        }
    }

    /// <summary>Whether packets of these generations were lost on the way to the disk.</summary>
    public bool IsLost(int partition, int first, int last)
    {
        lock (_gate)
        {
            foreach ((int from, int to) in _lost[partition] ?? [])
            {
                if (first <= to && last >= from)
                    return true;
            }
        }
        return false;
    }

    internal void Advance(int partition, int generation)
    {
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            _written[partition] = generation;
            waiter = _waiter;
            _waiter = null;
        }
        waiter?.SetResult();
    }

    /// <summary>Packets of this generation are not on disk and never will be.</summary>
    internal void Lose(int partition, int generation)
    {
        lock (_gate)
        {
            List<(int First, int Last)> lost = _lost[partition] ??= [];
            if (lost.Count > 0 && lost[^1].Last >= generation - 1)
                lost[^1] = (lost[^1].First, Math.Max(lost[^1].Last, generation));
            else
                lost.Add((generation, generation));
        }
    }
}
