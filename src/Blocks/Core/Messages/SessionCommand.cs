using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;

namespace FlowPipe.Core.Messages;

/// <summary>
/// Names one session for as long as it is open. Its key alone would also name a later one: the generation tells them apart, so that a late
/// command never hits a recycled session.
/// </summary>
/// <param name="Id">Its key.</param>
/// <param name="Generation">Its number among the sessions of its partition, from 1; <see cref="Any"/> for whichever has the key.</param>
public readonly record struct SessionRef(SessionId Id, long Generation)
{
    /// <summary>Stands for whichever session has the key.</summary>
    public const long Any = 0;
}

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
}

/// <summary>What a session was when a command reached it.</summary>
public sealed record SessionInfo
{
    /// <summary>Names it from now on.</summary>
    public required SessionRef Session { get; init; }

    /// <summary>How far it has come.</summary>
    public required FlowState State { get; init; }

    /// <summary>Time of its first packet, nanoseconds since 1970-01-01 UTC.</summary>
    public required long FirstPacketNs { get; init; }

    /// <summary>Time of its last packet.</summary>
    public required long LastPacketNs { get; init; }

    /// <summary>Records made of it so far.</summary>
    public required int Segment { get; init; }

    /// <summary>Packets in the record being made.</summary>
    public required SideCounts Packets { get; init; }
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

    /// <summary>What the session was; null when there is none.</summary>
    public Task<SessionInfo?> Answer => _answer.Task;

    /// <summary>Answers: once, by the partition.</summary>
    internal void Reply(SessionInfo? info) => _answer.SetResult(info);
}
