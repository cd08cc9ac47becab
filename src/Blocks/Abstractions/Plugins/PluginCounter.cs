namespace FlowPipe.Abstractions;

/// <summary>
/// A plugin's own counter, as <see cref="IRegistrar.Counter(string, string)"/> gives it. It holds no number: each partition, and enqueue, count for
/// themselves and their counts are added up when they are shown, so that counting costs an addition and no lock.
/// </summary>
/// <param name="name">Its name, unique in the plugin.</param>
/// <param name="help">What it counts.</param>
/// <param name="number">Its place among all counters of the run.</param>
public sealed class PluginCounter(string name, string help, int number)
{
    /// <summary>Its name, unique in the plugin.</summary>
    public string Name => name;

    /// <summary>What it counts.</summary>
    public string Help => help;

    /// <summary>Its place among all counters of the run, from 0.</summary>
    public int Number => number;
}
