using FlowPipe.Abstractions;

namespace FlowPipe.Core.Plugins;

/// <summary>
/// What plugins have counted, and how often they threw, in one partition or in enqueue: plain numbers of their owner, which others get copies of.
/// </summary>
internal sealed class PluginCounts
{
    private readonly long[] _counts;

    public PluginCounts(PluginTable table) => _counts = new long[table.CounterCount];

    /// <summary>Exceptions out of any of them.</summary>
    public long Faults { get; private set; }

    /// <summary>As they stand.</summary>
    public long[] Copy() => [.. _counts];

    public void Add(PluginCounter counter, long by) => _counts[counter.Number] += by;

    public void AddFault(PluginEntry plugin)
    {
        _counts[plugin.Faults]++;
        Faults++;
    }
}
