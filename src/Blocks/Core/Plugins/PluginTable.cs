using FlowPipe.Abstractions;

namespace FlowPipe.Core.Plugins;

/// <summary>The plugins of a run, their counters and hooks. Filled while they register, then shared by all who run them.</summary>
internal sealed class PluginTable
{
    private readonly List<PluginEntry> _plugins = [];
    private readonly List<PluginEntry> _protocols = [];
    private readonly List<PluginSaveHook> _saveHooks = [];

    /// <summary>In the order in which they register; the first is FlowPipe itself, for what nobody else registers.</summary>
    public IReadOnlyList<PluginEntry> Plugins => _plugins;

    /// <summary>Who is registering.</summary>
    public PluginEntry Current { get; private set; }

    /// <summary>Whether it is FlowPipe itself: its own layers are as much part of it as what would guard them.</summary>
    public bool IsCore => _plugins.Count == 1;

    /// <summary>Counters of all plugins, those of their exceptions included.</summary>
    public int CounterCount { get; private set; }

    /// <summary>Protocols that are FlowPipe's own: TCP and UDP, which register first.</summary>
    public const int CoreProtocols = 2;

    /// <summary>Whose the protocols are that make sessions, by number.</summary>
    public PluginEntry[] Protocols => [.. _protocols];

    /// <summary>What is called before each record.</summary>
    public PluginSaveHook[] SaveHooks => [.. _saveHooks];

    /// <summary>What is to run beside the packets.</summary>
    public List<PluginBackground> Background { get; } = [];

    public PluginTable() => Current = Begin("flowpipe");

    /// <summary>What is registered from now on is this plugin's.</summary>
    public PluginEntry Begin(string name)
    {
        string unique = name;
        for (int number = 2; _plugins.Exists(other => other.Name == unique); number++)
            unique = $"{name}#{number}";
        Current = new PluginEntry(unique, CounterCount++);
        _plugins.Add(Current);
        return Current;
    }

    public PluginCounter Counter(string name, string help)
    {
        CheckName(name);
        var counter = new PluginCounter(name, help, CounterCount++);
        Current.Counters.Add(counter);
        return counter;
    }

    public void Counter(string name, string help, Func<long> read)
    {
        CheckName(name);
        Current.Observed.Add(new ObservedCounter(name, help, read));
    }

    public void AddProtocol() => _protocols.Add(Current);

    public void Save(SaveHook hook) => _saveHooks.Add(new PluginSaveHook(hook, Current));

    private void CheckName(string name)
    {
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_')
                throw new FlowPipeException($"counter '{name}': a name has only letters, digits and _; rename it");
        }
        if (name.Length == 0)
            throw new FlowPipeException("a counter has no name: give it one");
        if (Current.Counters.Exists(other => other.Name == name) || Current.Observed.Exists(other => other.Name == name))
            throw new FlowPipeException($"counter '{name}' is registered twice: rename one of the two");
    }
}
