using FlowPipe.Abstractions;
using FlowPipe.Core.Stats;

namespace FlowPipe.Core.Plugins;

/// <summary>Puts names to what plugins have counted.</summary>
public sealed class PluginFigures
{
    private readonly PluginTable _table;
    private readonly PluginFaults _faults;

    internal PluginFigures(PluginTable table, PluginFaults faults)
    {
        _table = table;
        _faults = faults;
    }

    /// <summary>The figures of all plugins that count something or have thrown an exception.</summary>
    /// <param name="stats">Where the blocks' counts are.</param>
    public IReadOnlyList<PluginFigure> Read(StatsBlock stats)
    {
        long[] counts = stats.Plugins(_table.CounterCount);
        var figures = new List<PluginFigure>();
        foreach (PluginEntry plugin in _table.Plugins)
        {
            // A counter that can't be read is one fault more: ask before they are counted.
            var counters = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach (PluginCounter counter in plugin.Counters)
                counters.Add(counter.Name, counts[counter.Number]);
            foreach (ObservedCounter counter in plugin.Observed)
                counters.Add(counter.Name, counter.Read(plugin, _faults));
            long errors = counts[plugin.Faults] + Interlocked.Read(ref plugin.OtherFaults);
            if (counters.Count > 0 || errors > 0)
                figures.Add(
                    new PluginFigure
                    {
                        Name = plugin.Name,
                        Errors = errors,
                        Counters = counters,
                    }
                );
        }
        return figures;
    }
}
