using System.Text;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Plugins;

/// <summary>One plugin of a run: whom to name, and what it counts.</summary>
internal sealed class PluginEntry(string name, int faults)
{
    /// <summary>Its name; of two of the same name the second has a number behind it.</summary>
    public string Name => name;

    /// <summary>The place of the count of its exceptions.</summary>
    public int Faults => faults;

    /// <summary>Its own counters.</summary>
    public List<PluginCounter> Counters { get; } = [];

    /// <summary>Counters that it keeps itself.</summary>
    public List<ObservedCounter> Observed { get; } = [];

    /// <summary>Exceptions beside the packets, where no block counts them.</summary>
    public long OtherFaults;

    /// <summary>The tag of sessions that it failed on.</summary>
    public byte[] FaultTag { get; } = Encoding.UTF8.GetBytes("plugin-fault:" + name);
}

/// <summary>A save hook, and whose it is.</summary>
internal readonly record struct PluginSaveHook(SaveHook Hook, PluginEntry Plugin);

/// <summary>Work beside the packets, and whose it is.</summary>
internal readonly record struct PluginBackground(BackgroundWork Work, PluginEntry Plugin);
