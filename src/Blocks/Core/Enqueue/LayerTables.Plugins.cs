using FlowPipe.Abstractions;
using FlowPipe.Core.Plugins;

namespace FlowPipe.Core.Enqueue;

public sealed partial class LayerTables
{
    /// <summary>Who has registered, their counters and hooks.</summary>
    internal PluginTable Plugins { get; } = new();

    /// <inheritdoc/>
    public void Save(SaveHook hook) => Plugins.Save(hook);

    /// <inheritdoc/>
    public PluginCounter Counter(string name, string help) => Plugins.Counter(name, help);

    /// <inheritdoc/>
    public void Counter(string name, string help, Func<long> read) => Plugins.Counter(name, help, read);

    /// <inheritdoc/>
    public void Background(BackgroundWork work) => Plugins.Background.Add(new PluginBackground(work, Plugins.Current));
}
