namespace FlowPipe.Abstractions;

/// <summary>What becomes of a session after a plugin's work on it.</summary>
public enum AfterWork : byte
{
    /// <summary>It goes on.</summary>
    GoOn,

    /// <summary>It ends: its record is made at once, for the reason <see cref="EndReason.Forced"/>.</summary>
    Close,
}

/// <summary>
/// A plugin's own work on a session. It runs in the partition that owns the session, between two packets, so it may do all that a parser may
/// (<see cref="Session.AddTag"/>, <see cref="Session.StopSaving"/>, values of fields); packets wait meanwhile.
/// </summary>
/// <param name="session">The session; not to be kept past the call.</param>
public delegate AfterWork SessionWork(Session session);

/// <summary>
/// Reaches open sessions from any thread (<see cref="IRegistrar.Background"/>). A command goes through the queue of the partition that owns the
/// session, behind what waits there, so nothing is locked. Await each: where the queue is full, a command waits for its place like everything else.
/// </summary>
/// <remarks>
/// All answers are null when there is no such session, or no longer, when the run has not begun or is over, and after work that has thrown an
/// exception. Never await one inside a callback of packets: it would wait for itself. What a command does depends on when it comes, so the
/// records of a run with commands are no longer a function of its packets alone.
/// </remarks>
public interface ISessionCommands
{
    /// <summary>The open session of a key, without a packet of it.</summary>
    /// <exception cref="ArgumentException">No protocol of that name has sessions between addresses.</exception>
    Task<SessionInfo?> LookUpAsync(FlowKey key);

    /// <summary>What is known of a session now.</summary>
    Task<SessionInfo?> LookUpAsync(SessionRef session);

    /// <summary>Adds a tag, which is in its records from now on.</summary>
    /// <param name="session">The session.</param>
    /// <param name="tag">The tag, UTF-8.</param>
    Task<SessionInfo?> TagAsync(SessionRef session, ReadOnlyMemory<byte> tag);

    /// <summary>Keeps no more of its packets (<see cref="Session.StopSaving"/>).</summary>
    Task<SessionInfo?> StopSavingAsync(SessionRef session);

    /// <summary>Ends it: its record is made at once, for the reason <see cref="EndReason.Forced"/>. Answers what it was before.</summary>
    Task<SessionInfo?> CloseAsync(SessionRef session);

    /// <summary>Has its partition do this work on it. Answers what it was after the work.</summary>
    Task<SessionInfo?> PostAsync(SessionRef session, SessionWork work);
}
