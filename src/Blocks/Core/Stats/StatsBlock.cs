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
    public long[] Verdicts() => Sum(Enum.GetValues<PacketRc>().Length, static stats => stats.Verdicts);

    /// <summary>What plugins have counted, by <see cref="PluginCounter.Number"/>.</summary>
    /// <param name="counters">How many there are.</param>
    public long[] Plugins(int counters) => Sum(counters, static stats => stats.Plugins);

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

    private long[] Sum(int length, Func<BlockStats, IReadOnlyList<long>?> counts)
    {
        var sum = new long[length];
        lock (_gate)
        {
            foreach (BlockStats stats in _newest.Values)
            {
                IReadOnlyList<long> one = counts(stats) ?? [];
                for (int i = 0; i < one.Count; i++)
                    sum[i] += one[i];
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
