using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;

namespace FlowPipe.Core.Plugins;

/// <summary>The work of plugins beside the packets, from the beginning of a run to its end.</summary>
public sealed class PluginTasks
{
    private readonly List<Running> _running = [];
    private readonly PluginTable _table;
    private readonly PluginFaults _faults;
    private readonly Action<string>? _warn;

    internal PluginTasks(PluginTable table, PluginFaults faults, Action<string>? warn)
    {
        _table = table;
        _faults = faults;
        _warn = warn;
    }

    /// <summary>How long it may take after the end of the run.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Begins all of it.</summary>
    public void Start(SessionCommands commands)
    {
        foreach ((BackgroundWork work, PluginEntry plugin) in _table.Background)
        {
            ISessionCommands own = commands.Of(plugin);
            var ended = new CancellationTokenSource();
            _running.Add(new Running(plugin, ended, Task.Run(() => RunAsync(work, plugin, own, ended.Token))));
        }
    }

    /// <summary>Tells it that the run is over, and waits for it as long as it may be waited for.</summary>
    /// <exception cref="Exception">What it threw, where exceptions end the run.</exception>
    public async Task EndAsync()
    {
        if (_running.Count == 0)
            return;
        var all = new Task[_running.Count];
        for (int i = 0; i < all.Length; i++)
        {
            await CancelAsync(_running[i]).ConfigureAwait(false);
            all[i] = _running[i].Work;
        }
        await Task.WhenAny(Task.WhenAll(all), Task.Delay(Patience)).ConfigureAwait(false);
        foreach (Running running in _running)
        {
            if (!running.Work.IsCompleted)
            {
                // What it was given is left to it.
                _warn?.Invoke($"plugin {running.Plugin.Name}: its background work does not end, and is left behind");
                continue;
            }
            running.Ended.Dispose();
            await running.Work.ConfigureAwait(false);
        }
        _running.Clear();
    }

    private async Task CancelAsync(Running running)
    {
        try
        {
            await running.Ended.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException e) when (!_faults.Stop)
        {
            OnFault(running.Plugin, e); // of whoever registered with the token
        }
    }

    private async Task RunAsync(BackgroundWork work, PluginEntry plugin, ISessionCommands commands, CancellationToken ended)
    {
        try
        {
            await work(commands, ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // It does as it is told.
        }
        catch (Exception e) when (!_faults.Stop)
        {
            OnFault(plugin, e);
        }
    }

    private void OnFault(PluginEntry plugin, Exception fault)
    {
        Interlocked.Increment(ref plugin.OtherFaults);
        _faults.Say(plugin, "its background work", "it has ended", fault);
    }

    private sealed record Running(PluginEntry Plugin, CancellationTokenSource Ended, Task Work);
}
