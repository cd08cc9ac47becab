using System.Threading.Tasks.Dataflow;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Reading.Monitoring;

/// <summary>
/// Reads what comes into some folders until it is stopped, and keeps account of which files are done with. While files follow one another sessions go on
/// from each to the next; where none has come for long, what is open ends.
/// </summary>
internal sealed class MonitoredReading : IDisposable
{
    private const int PendingMax = 100_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly MonitorSettings _settings;
    private readonly Action<string>? _warn;
    private readonly TakenFiles _taken;
    private readonly FolderMonitor _monitor;
    private readonly string _name;
    private readonly Queue<(int Source, TakenFile File)> _pending = new();
    private Milestone? _asked;
    private long _askedAtMs;
    private bool _wasUnknown;

    /// <exception cref="FlowPipeException">What has been read can't be known, or a folder is not there.</exception>
    public MonitoredReading(FileReaderSettings settings, Action<string> damaged)
    {
        _settings = settings.Monitor;
        _warn = settings.Warn;
        List<string> folders = [];
        foreach (CaptureInput input in settings.Inputs)
        {
            if (!input.IsDirectory)
                throw new FlowPipeException($"--monitor watches folders: leave out -r {input.Path}, or read it by a run of its own")
                {
                    IsWrongUsage = true,
                };
            CaptureInputs.CheckDirectory(input.Path);
            folders.Add(input.Path);
        }
        _name = string.Join(", ", folders);
        _taken = new TakenFiles(_settings.StateFile, _warn);
        _monitor = new FolderMonitor(settings, folders, damaged, IsKnown);
    }

    /// <summary>Reads one file.</summary>
    /// <param name="file">Which.</param>
    /// <param name="wantedFrom">Told its fingerprint, says from which offset on packets are wanted.</param>
    /// <returns>How far, and whether more can be read.</returns>
    public delegate Task<ReadResult> ReadFile(CaptureFile file, Func<string, long> wantedFrom);

    /// <summary>Reads until it is stopped.</summary>
    /// <param name="next">Where milestones go.</param>
    /// <param name="read">Reads one file.</param>
    /// <param name="stop">Ends it.</param>
    public async Task RunAsync(ITargetBlock<PacketBatch> next, ReadFile read, CancellationToken stop)
    {
        try
        {
            await RunUntilStoppedAsync(next, read, stop).ConfigureAwait(false);
        }
        finally
        {
            _asked?.Abandon();
        }
    }

    /// <summary>All records have met their fate: what has been read is done with.</summary>
    public void Delivered() => Keep(int.MaxValue);

    public void Dispose()
    {
        _monitor.Dispose();
        _taken.Dispose();
    }

    private static long NowMs => Environment.TickCount64;

    private bool IsKnown(string path, FileStatus status) => _taken.IsTaken(new Uri(Path.GetFullPath(path)).AbsoluteUri, status);

    private async Task RunUntilStoppedAsync(ITargetBlock<PacketBatch> next, ReadFile read, CancellationToken stop)
    {
        int sources = 0;
        bool isOpen = false; // packets were read since sessions were ended
        bool isDue = false; // files were read since it was asked what is done with
        bool hasGreeted = false;
        long lastMs = NowMs;
        while (!stop.IsCancellationRequested)
        {
            CaptureFile? file = await _monitor.NextAsync(hasGreeted ? Patience : TimeSpan.Zero, stop).ConfigureAwait(false);
            if (!hasGreeted)
                Greet(ref hasGreeted);
            isDue |= !TakeAnswer();
            if (file is not null)
            {
                FileStatus status = _monitor.StatusOf(file);
                ReadResult result = await read(file, _taken.UpTo).ConfigureAwait(false);
                sources = result.Sources;
                isOpen |= result.Packets > 0;
                isDue = true;
                lastMs = NowMs;
                Note(file, status, result);
                if (!result.GoesOn)
                    return;
            }
            bool isIdle = file is null && _settings.Idle > 0 && NowMs - lastMs >= _settings.Idle * 1000L;
            if (_asked is not null)
                continue;
            if (isOpen && (isIdle || _pending.Count >= PendingMax))
            {
                _warn?.Invoke(
                    isIdle
                        ? $"no capture has come for {_settings.Idle} s (reading.monitorIdle): the sessions that were open end here"
                        : $"sessions have been open over {PendingMax} captures: they end here"
                );
                await AskAsync(next, sources, endsSessions: true).ConfigureAwait(false);
                isOpen = isDue = false;
            }
            else if (isDue && ((file is null && !_wasUnknown) || NowMs - _askedAtMs >= _settings.Settled * 1000L))
            {
                await AskAsync(next, sources, endsSessions: false).ConfigureAwait(false);
                isDue = false;
            }
        }
    }

    private void Greet(ref bool hasGreeted)
    {
        hasGreeted = true;
        if (_settings.SaysWarningsOnly)
            return;
        string known = _monitor.Known == 0 ? "" : $"; {_monitor.Known} files that earlier runs have read are left out";
        _warn?.Invoke($"waiting for captures in {_name}{known}");
    }

    private void Note(CaptureFile file, FileStatus status, ReadResult result)
    {
        if (result.Fingerprint is not { } fingerprint)
            return; // no capture, or one without a packet: there is nothing to be read twice
        var taken = new TakenFile(fingerprint, Math.Max(result.UpTo, _taken.UpTo(fingerprint)), result.GoesOn, file.Uri, status);
        _taken.Note(taken);
        _pending.Enqueue((result.Sources - 1, taken));
    }

    private async Task AskAsync(ITargetBlock<PacketBatch> next, int sources, bool endsSessions)
    {
        _asked = new Milestone(sources, endsSessions);
        _askedAtMs = NowMs;
        await next.SendAsync(new PacketBatch(0, null) { Milestone = _asked }).ConfigureAwait(false);
    }

    /// <summary>Keeps what is done with, if that is known by now.</summary>
    /// <returns>False when it must be asked again.</returns>
    private bool TakeAnswer()
    {
        if (_asked is not { Reached.IsCompletedSuccessfully: true } asked)
            return true;
        _asked = null;
        _wasUnknown = asked.Reached.Result == Milestone.Unknown;
        if (!_wasUnknown)
            Keep(asked.Reached.Result);
        return !_wasUnknown;
    }

    private void Keep(int sources)
    {
        List<TakenFile> done = [];
        while (_pending.TryPeek(out (int Source, TakenFile File) oldest) && oldest.Source < sources)
            done.Add(_pending.Dequeue().File);
        _taken.Keep(done, _warn);
    }
}

/// <summary>What became of a file.</summary>
/// <param name="GoesOn">Whether more can be read: else this one was not read to its end.</param>
/// <param name="Fingerprint">Of the capture; null where there is no packet.</param>
/// <param name="UpTo">Offset before which all packets have been handed on.</param>
/// <param name="Packets">Packets handed on.</param>
/// <param name="Sources">Sources begun so far.</param>
internal readonly record struct ReadResult(bool GoesOn, string? Fingerprint, long UpTo, long Packets, int Sources);
