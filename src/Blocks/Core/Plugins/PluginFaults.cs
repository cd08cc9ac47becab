using System.Collections.Concurrent;

namespace FlowPipe.Core.Plugins;

/// <summary>What is done about exceptions out of plugins, for all blocks: said once for each thing that threw, or the end of the run.</summary>
/// <param name="stop">Whether an exception ends the run.</param>
/// <param name="warn">Where it is said.</param>
internal sealed class PluginFaults(bool stop, Action<string>? warn)
{
    private readonly ConcurrentDictionary<(string Plugin, string What), bool> _said = new();

    public bool Stop => stop;

    /// <param name="plugin">Whose it is.</param>
    /// <param name="what">What threw.</param>
    /// <param name="consequence">What became of it, to follow a comma.</param>
    /// <param name="fault">What it threw.</param>
    public void Say(PluginEntry plugin, string what, string consequence, Exception fault)
    {
        if (_said.TryAdd((plugin.Name, what), true))
        {
            warn?.Invoke(
                $"plugin {plugin.Name}: {what} has an error, and {consequence}; this is only said once, the count is in the stats "
                    + $"(sessions.stopOnParserFault ends the run instead): {fault}"
            );
        }
    }
}
