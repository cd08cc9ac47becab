using System.Runtime.InteropServices;
using FlowPipe.Core;
using FlowPipe.Core.Enqueue.Drops;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary>SIGHUP: the configuration and the files that it names are read again, and the drop lists made anew of them. What is wrong changes nothing.</summary>
internal sealed class ReloadSignal : IDisposable
{
    private readonly Snapshot<DropLists> _lists;
    private readonly Func<FlowPipeSettings> _load;
    private readonly StatusWriter _status;
    private readonly Lock _gate = new();
    private readonly PosixSignalRegistration _registration;

    /// <param name="lists">What is replaced.</param>
    /// <param name="load">Reads the settings as the start did.</param>
    /// <param name="status">Where it says what happens.</param>
    public ReloadSignal(Snapshot<DropLists> lists, Func<FlowPipeSettings> load, StatusWriter status)
    {
        _lists = lists;
        _load = load;
        _status = status;
        _registration = PosixSignalRegistration.Create(
            PosixSignal.SIGHUP,
            signal =>
            {
                signal.Cancel = true;
                Reload();
            }
        );
    }

    public void Dispose() => _registration.Dispose();

    internal void Reload()
    {
        lock (_gate)
        {
            try
            {
                DropLists? next = DropListReader.Read(_load().Packets);
                _lists.Replace(next);
                _status.Message(
                    $"SIGHUP: drop lists read again, {next?.Entries ?? 0} entries; other settings stay as they were at the start"
                );
            }
            catch (Exception e) when (e is FlowPipeException or WrongUsageException)
            {
                _status.Message($"SIGHUP: {e.Message}; the drop lists stay as they were");
            }
        }
    }
}
