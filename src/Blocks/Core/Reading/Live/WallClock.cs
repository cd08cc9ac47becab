namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// The wall clock, which readers of interfaces alone may ask: what they make of it reaches sessions as packet time (DESIGN law 2, its last line).
/// </summary>
internal static class WallClock
{
    private const long NanosecondsPerTick = 100;

    /// <summary>Nanoseconds since 1970-01-01 UTC.</summary>
#pragma warning disable RS0030 // the one place where it is asked
    public static long NowNs => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * NanosecondsPerTick;
#pragma warning restore RS0030
}
