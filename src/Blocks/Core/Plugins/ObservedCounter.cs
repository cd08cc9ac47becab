namespace FlowPipe.Core.Plugins;

/// <summary>A counter that a plugin keeps itself. One that can't be read is not asked again and stays as it was.</summary>
internal sealed class ObservedCounter(string name, string help, Func<long> read)
{
    private volatile bool _broken;
    private long _last;

    public string Name => name;

    public string Help => help;

    public long Read(PluginEntry plugin, PluginFaults faults)
    {
        if (_broken)
            return Volatile.Read(ref _last);
        try
        {
            long now = read();
            Volatile.Write(ref _last, now);
            return now;
        }
        catch (Exception e)
        {
            _broken = true;
            Interlocked.Increment(ref plugin.OtherFaults);
            faults.Say(plugin, $"counter {Name}", "it stays as it was", e);
            return Volatile.Read(ref _last);
        }
    }
}
