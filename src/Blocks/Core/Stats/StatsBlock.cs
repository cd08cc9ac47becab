using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Sessions;

namespace FlowPipe.Core.Stats;

/// <summary>
/// Keeps the newest counters of every block and adds them up. Blocks publish when its clock has ticked and at their end, so what it knows at
/// the end of a run is exact.
/// </summary>
public sealed class StatsBlock
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, BlockStats> _newest = new(StringComparer.Ordinal);

    public StatsBlock() => Block = new ActionBlock<BlockStats>(Take, BlockOptions.Bounded(64));

    /// <summary>The block, to be linked by the graph.</summary>
    public ActionBlock<BlockStats> Block { get; }

    /// <summary>Ticked by whoever wants figures.</summary>
    public StatsClock Clock { get; } = new();

    /// <summary>The newest counters of a block; null before it has published any.</summary>
    public BlockStats? Of(string block)
    {
        lock (_gate)
            return _newest.GetValueOrDefault(block);
    }

    /// <summary>Packets by <see cref="PacketRc"/>.</summary>
    public long[] Verdicts()
    {
        var sum = new long[Enum.GetValues<PacketRc>().Length];
        lock (_gate)
        {
            foreach (BlockStats stats in _newest.Values)
            {
                for (int i = 0; i < stats.Verdicts?.Count; i++)
                    sum[i] += stats.Verdicts[i];
            }
        }
        return sum;
    }

    /// <summary>All partitions' counters, added up.</summary>
    public SessionCounts Sessions()
    {
        var sum = new SessionCounts();
        lock (_gate)
        {
            foreach (BlockStats stats in _newest.Values)
            {
                if (stats.Sessions is { } partition)
                    sum = sum.Plus(partition);
            }
        }
        return sum;
    }

    private void Take(BlockStats stats)
    {
        lock (_gate)
            _newest[stats.Block] = stats;
    }
}
