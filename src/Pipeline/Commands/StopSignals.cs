using System.Runtime.InteropServices;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary>
/// SIGINT and SIGTERM: the first asks to stop reading and to deliver what there is, the second, or the deadline, to give up. A third is not
/// caught and ends the process.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly StatusWriter _status;
    private readonly TimeSpan _deadline;
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private readonly bool _quiet;
    private int _received;

    /// <param name="status">Where it says what happens.</param>
    /// <param name="deadlineSeconds">How long delivering may take.</param>
    /// <param name="quiet">Whether the first signal is the usual way to end, of which nothing need be said.</param>
    public StopSignals(StatusWriter status, int deadlineSeconds, bool quiet = false)
    {
        _quiet = quiet;
        _status = status;
        _deadline = TimeSpan.FromSeconds(deadlineSeconds);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    }

    /// <summary>Read no more, deliver what there is.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Give up.</summary>
    public CancellationToken Abort => _abort.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _stop.Dispose();
        _abort.Dispose();
    }

    /// <summary>A signal has come.</summary>
    /// <returns>Whether it was dealt with; else the process ends.</returns>
    internal bool Receive(string name)
    {
        switch (Interlocked.Increment(ref _received))
        {
            case 1:
                if (!_quiet)
                    _status.Message(
                        $"{name}: reading no more, delivering what there is for at most {_deadline.TotalSeconds:0} s; once more to abort"
                    );
                _abort.CancelAfter(_deadline);
                _stop.Cancel();
                return true;
            case 2:
                _status.Message($"{name} again: aborting");
                _abort.Cancel();
                return true;
            default:
                return false;
        }
    }

    private void OnSignal(PosixSignalContext signal) => signal.Cancel = Receive(signal.Signal.ToString());
}
