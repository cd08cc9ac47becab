namespace FlowPipe.Core.Writing;

/// <summary>
/// How far the packets of each partition are on disk: the writer says it, emit waits for it. What a partition has appended is counted in generations: one
/// ends when the partition hands over what it has open.
/// </summary>
/// <param name="partitions">Whose packets there are.</param>
/// <param name="over">Nobody writes any more: waiting ends with an exception.</param>
public sealed class WrittenMarks(int partitions, CancellationToken over)
{
    /// <summary>Beyond so many pauses of a disk the oldest become one, and what was written between them counts as lost, too.</summary>
    private const int MostLost = 1_000;

    private readonly Lock _gate = new();
    private readonly long[] _written = new long[partitions];
    private readonly List<(long First, long Last)>?[] _lost = new List<(long, long)>[partitions];
    private TaskCompletionSource? _waiter;

    /// <summary>Ends when all of the partition's packets up to this generation are written, or lost.</summary>
    public async ValueTask ReachedAsync(int partition, long generation)
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
    public bool IsLost(int partition, long first, long last)
    {
        lock (_gate)
        {
            foreach ((long from, long to) in _lost[partition] ?? [])
            {
                if (first <= to && last >= from)
                    return true;
            }
        }
        return false;
    }

    internal void Advance(int partition, long generation)
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
    internal void Lose(int partition, long generation)
    {
        lock (_gate)
        {
            List<(long First, long Last)> lost = _lost[partition] ??= [];
            if (lost.Count > 0 && lost[^1].Last >= generation - 1)
                lost[^1] = (lost[^1].First, Math.Max(lost[^1].Last, generation));
            else
                lost.Add((generation, generation));
            if (lost.Count <= MostLost)
                return;
            lost[1] = (lost[0].First, lost[1].Last);
            lost.RemoveAt(0);
        }
    }
}
