using FlowPipe.Abstractions;
using FlowPipe.Core.Plugins;

namespace FlowPipe.Core.Messages;

/// <summary>What a command does.</summary>
public enum SessionAction
{
    /// <summary>Nothing but look.</summary>
    LookUp,

    /// <summary>Adds a tag.</summary>
    Tag,

    /// <summary>Keeps no more packets.</summary>
    StopSaving,

    /// <summary>Ends it.</summary>
    Close,

    /// <summary>Whatever a plugin wants.</summary>
    Work,
}

/// <summary>Something to be done to a session by the partition that owns it, and the answer to whoever asked.</summary>
public sealed class SessionCommand(SessionRef session, SessionAction action, byte[] tag) : PartitionMessage
{
    private readonly TaskCompletionSource<SessionInfo?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>To which session.</summary>
    public SessionRef Session => session;

    /// <summary>What is to be done.</summary>
    public SessionAction Action => action;

    /// <summary>The tag to add.</summary>
    public ReadOnlySpan<byte> Tag => tag;

    /// <summary>A plugin's own work.</summary>
    internal SessionWork? Work { get; init; }

    /// <summary>The plugin whose work it is.</summary>
    internal PluginEntry? Plugin { get; init; }

    /// <summary>What the session was; null when there is none.</summary>
    public Task<SessionInfo?> Answer => _answer.Task;

    /// <summary>Answers: once, by the partition.</summary>
    internal void Reply(SessionInfo? info) => _answer.SetResult(info);
}
