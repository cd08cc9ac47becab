namespace FlowPipe.Core.Reading.Monitoring;

/// <summary>How far a file in a watched folder has come.</summary>
internal enum WatchedState
{
    /// <summary>It is not known to be finished.</summary>
    Waiting,

    /// <summary>It is in the queue of those to be read.</summary>
    Ready,

    /// <summary>It has been handed out, or was read by an earlier run.</summary>
    Taken,

    /// <summary>It can't be opened; its rights may change.</summary>
    Refused,
}

/// <summary>A file in a watched folder.</summary>
internal sealed class WatchedFile(string path)
{
    public string Path => path;

    /// <summary>As it was when it was looked at last.</summary>
    public FileStatus Status;

    public WatchedState State;

    /// <summary>Since when it has been so, in milliseconds of the machine's clock.</summary>
    public long SinceMs;

    /// <summary>When to look again.</summary>
    public long LookAtMs;

    /// <summary>Whether it was closed by its writer, or moved here, and has not changed since.</summary>
    public bool IsClosed;

    /// <summary>The last search that came by it.</summary>
    public int Seen;

    /// <summary>Takes note of how it is now.</summary>
    /// <returns>Whether it has changed.</returns>
    public bool Update(FileStatus now, long nowMs)
    {
        bool same = now.Size == Status.Size && now.ModifiedNs == Status.ModifiedNs && now.Identity == Status.Identity;
        bool isRefusedAnew = State != WatchedState.Refused || now.ChangedNs == Status.ChangedNs;
        Status = now;
        if (same && isRefusedAnew)
            return false;
        State = WatchedState.Waiting;
        IsClosed = false;
        SinceMs = nowMs;
        return true;
    }
}
