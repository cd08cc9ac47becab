using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting;

/// <summary>A sink whose records count only once they are committed, all between two commit points at once, together with the point itself.</summary>
public interface ICommittingSink : ISpiSink
{
    /// <summary>How far an earlier run has committed, once it is open: what is written before that point is not written again.</summary>
    Checkpoint? Checkpoint { get; }

    /// <summary>The run that is committed: that of the checkpoint, if there is one.</summary>
    RunIdentity Run { get; }

    /// <summary>Called when what has been written since the last point is more than should be kept: a point is wanted.</summary>
    Action? OnFull { get; set; }

    /// <summary>Commits what was written since the point before.</summary>
    /// <param name="point">Where all partitions are now.</param>
    /// <param name="forced">Whether limits have forced sessions to end so far.</param>
    /// <exception cref="FlowPipeException">It can't be committed, or the packets are not those of the checkpoint.</exception>
    ValueTask CommitAsync(CommitPoint point, bool forced);
}
