namespace FlowPipe.Core.Reading.Monitoring;

/// <summary>
/// Finds the finished captures in some folders: those that are there, and those that come. What has happened is heard of by events, and by looking
/// through the folders now and then where there are none, as on file systems of other machines. A file is finished when nobody has it open for
/// writing and it has stayed as it is for a while; where the kernel can't tell who writes, when it was closed or moved into the folder while we
/// looked on, or has stayed as it is for longer.
/// </summary>
internal sealed class FolderMonitor : IDisposable
{
    /// <summary>Files that are known of at most, in all folders; what is beyond waits until others are gone.</summary>
    public const int FilesMax = 1_000_000;

    private const int FoldersMax = 65_536;
    private const int DepthMax = 64; // a link may lead back up
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly MonitorSettings _settings;
    private readonly FileReaderSettings _reading;
    private readonly IReadOnlyList<string> _folders;
    private readonly Action<string> _damaged;
    private readonly Func<string, FileStatus, bool> _isKnown;
    private readonly FolderEvents _events = new();
    private readonly Dictionary<string, WatchedFile> _files = new(StringComparer.Ordinal);
    private readonly HashSet<WatchedFile> _waiting = [];
    private readonly HashSet<string> _watched = new(StringComparer.Ordinal);
    private readonly HashSet<string> _warned = new(StringComparer.Ordinal);
    private readonly Queue<WatchedFile> _ready = new();
    private long _searchAtMs;
    private int _search;
    private bool _searchNow;

    /// <param name="reading">How folders are read.</param>
    /// <param name="folders">Which.</param>
    /// <param name="damaged">Told of files that can't be opened.</param>
    /// <param name="isKnown">Whether an earlier run has read all of a file.</param>
    public FolderMonitor(
        FileReaderSettings reading,
        IReadOnlyList<string> folders,
        Action<string> damaged,
        Func<string, FileStatus, bool> isKnown
    )
    {
        _settings = reading.Monitor;
        _reading = reading;
        _folders = folders;
        _damaged = damaged;
        _isKnown = isKnown;
    }

    /// <summary>Says whether a file is open for writing; the kernel unless a test does.</summary>
    public Func<string, Writers> WritersOf { get; init; } = OpenWriters.Of;

    /// <summary>Files that an earlier run has read, as far as they were met.</summary>
    public int Known { get; private set; }

    /// <summary>The next file that is finished.</summary>
    /// <param name="patience">How long to wait for one.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Null when there was none.</returns>
    public async Task<CaptureFile?> NextAsync(TimeSpan patience, CancellationToken stop)
    {
        long untilMs = patience == Timeout.InfiniteTimeSpan ? long.MaxValue : NowMs + (long)patience.TotalMilliseconds;
        while (!stop.IsCancellationRequested)
        {
            Look();
            while (_ready.TryDequeue(out WatchedFile? file))
            {
                // It has waited for the others.
                if (file.State != WatchedState.Ready)
                    continue;
                if (file.Update(FileStatus.Of(file.Path), NowMs))
                {
                    _waiting.Add(file);
                    continue;
                }
                file.State = WatchedState.Taken;
                return new CaptureFile(file.Path, new Uri(Path.GetFullPath(file.Path)).AbsoluteUri, IsRegular: true, FromDirectory: true);
            }
            if (NowMs >= untilMs)
                return null;
            await Task.Delay(Tick, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return null;
    }

    /// <summary>A file that was handed out, as it was then.</summary>
    public FileStatus StatusOf(CaptureFile file) => _files[file.Path].Status;

    public void Dispose() => _events.Dispose();

    private static long NowMs => Environment.TickCount64;

    private void Look()
    {
        _events.Take(OnEvent);
        if (_searchNow || NowMs >= _searchAtMs)
            Search();
        if (_ready.Count == 0)
            Queue();
    }

    private void OnEvent(FolderEvents.Kind kind, string path)
    {
        if (kind.HasFlag(FolderEvents.Kind.Overflow) || kind.HasFlag(FolderEvents.Kind.Folder))
            _searchNow |= !kind.HasFlag(FolderEvents.Kind.Folder) || _reading.Recursive;
        else if (kind.HasFlag(FolderEvents.Kind.Ignored))
            _watched.Remove(path.TrimEnd('/'));
        else if ((kind & (FolderEvents.Kind.CloseWrite | FolderEvents.Kind.MovedTo)) != 0 && Meet(path) is { } file)
            file.IsClosed = true;
    }

    /// <summary>Looks through all folders; what is not there any more is forgotten.</summary>
    private void Search()
    {
        _searchNow = false;
        _search++;
        foreach (string folder in _folders)
            Search(folder, 0);
        List<WatchedFile> gone = [];
        foreach (WatchedFile file in _files.Values)
        {
            if (file.Seen != _search)
                gone.Add(file);
        }
        foreach (WatchedFile file in gone)
        {
            _files.Remove(file.Path);
            _waiting.Remove(file);
        }
        _searchAtMs = NowMs + (_settings.Rescan * 1000L);
    }

    private void Search(string folder, int depth)
    {
        // Watched first: what comes from here on is told, what came before is found.
        if (_watched.Count < FoldersMax && !_watched.Contains(folder))
        {
            if (_events.Watch(folder))
                _watched.Add(folder);
            else if (Directory.Exists(folder))
                WarnOnce(
                    "events",
                    $"{folder}: the kernel gives no events (fs.inotify.max_user_watches, max_user_instances): it is looked through every {_settings.Rescan} s"
                );
        }
        try
        {
            foreach (string path in Directory.EnumerateFileSystemEntries(folder))
            {
                if (Path.GetFileName(path.AsSpan()) is ['.', ..])
                    continue;
                FileStatus status = FileStatus.Of(path);
                if (status.Kind == FileKind.Regular)
                    Meet(path, status);
                else if (status.Kind == FileKind.Directory && _reading.Recursive && depth < DepthMax)
                    Search(path, depth + 1);
            }
            _warned.Remove(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _watched.Remove(folder);
            WarnOnce(folder, $"{folder} can't be listed ({e.Message}): it is tried again every {_settings.Rescan} s");
        }
    }

    private WatchedFile? Meet(string path)
    {
        if (Path.GetFileName(path.AsSpan()) is ['.', ..])
            return null;
        FileStatus status = FileStatus.Of(path);
        return status.Kind == FileKind.Regular ? Meet(path, status) : null;
    }

    private WatchedFile? Meet(string path, FileStatus status)
    {
        if (!_files.TryGetValue(path, out WatchedFile? file))
        {
            if (_files.Count >= FilesMax)
            {
                WarnOnce("files", $"there are more than {FilesMax} files to watch: the others wait until some of these are moved away");
                return null;
            }
            file = new WatchedFile(path) { Status = status, SinceMs = NowMs };
            _files.Add(path, file);
            if (_isKnown(path, status))
            {
                file.State = WatchedState.Taken;
                Known++;
            }
        }
        file.Seen = _search;
        if (file.Update(status, NowMs))
            file.LookAtMs = 0;
        if (file.State == WatchedState.Waiting)
            _waiting.Add(file);
        return file;
    }

    /// <summary>Puts what is finished in the queue, in the order in which it was finished, or that of names.</summary>
    private void Queue()
    {
        List<WatchedFile> finished = [];
        foreach (WatchedFile file in _waiting)
        {
            if (NowMs >= file.LookAtMs && IsFinished(file))
                finished.Add(file);
        }
        _waiting.RemoveWhere(static file => file.State == WatchedState.Refused);
        finished.Sort(
            (a, b) =>
                _reading.Sorted || a.Status.ModifiedNs == b.Status.ModifiedNs
                    ? string.CompareOrdinal(a.Path, b.Path)
                    : a.Status.ModifiedNs.CompareTo(b.Status.ModifiedNs)
        );
        foreach (WatchedFile file in finished)
        {
            file.State = WatchedState.Ready;
            _waiting.Remove(file);
            _ready.Enqueue(file);
        }
    }

    private bool IsFinished(WatchedFile file)
    {
        long nowMs = NowMs;
        long settledMs = file.SinceMs + (_settings.Settle * 1000L);
        file.LookAtMs = Math.Max(settledMs, nowMs + (long)Tick.TotalMilliseconds);
        if (
            file.Update(FileStatus.Of(file.Path), nowMs)
            || nowMs < settledMs
            || file.Status.Kind != FileKind.Regular
            || file.Status.Size == 0
        )
            return false;
        try
        {
            switch (WritersOf(file.Path))
            {
                case Writers.None:
                    return true;
                case Writers.Some:
                    file.LookAtMs = nowMs + Math.Max(_settings.Settle * 1000L, (long)Tick.TotalMilliseconds);
                    return false;
                default:
                    return file.IsClosed || nowMs >= file.SinceMs + (_settings.Quiet * 1000L);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // One that has just been taken away is nobody's mistake.
            if (FileStatus.Of(file.Path).Kind == FileKind.Missing)
                return false;
            file.State = WatchedState.Refused;
            _damaged($"{file.Path} can't be opened ({e.Message}): make it readable for this user, and it will be read");
            return false;
        }
    }

    private void WarnOnce(string about, string message)
    {
        if (_warned.Count < 1000 && _warned.Add(about))
            _reading.Warn?.Invoke(message);
    }
}
