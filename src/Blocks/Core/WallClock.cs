namespace FlowPipe.Core;

/// <summary>
/// The wall clock, which those alone may ask that are outside of sessions: readers of interfaces, whose answer reaches sessions as packet time (DESIGN law
/// 2, its last line), and who names and removes files.
/// </summary>
internal static class WallClock
{
    private const long NanosecondsPerTick = 100;

#pragma warning disable RS0030 // the one place where it is asked
    /// <summary>The time, UTC.</summary>
    public static DateTime Now => DateTime.UtcNow;
#pragma warning restore RS0030

    /// <summary>Nanoseconds since 1970-01-01 UTC.</summary>
    public static long NowNs => (Now - DateTime.UnixEpoch).Ticks * NanosecondsPerTick;
}
