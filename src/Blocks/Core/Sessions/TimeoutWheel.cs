namespace FlowPipe.Core.Sessions;

/// <summary>
/// Ends sessions in packet time. For each class of timeouts there is a ring of seconds, and a session lies in that of its last packet. A
/// packet does not move it: when its second has been idle for the class's timeout, the session is either over or put where it now belongs,
/// so a busy session costs nothing. As places do not depend on timeouts, a change to those of emergency mode moves nothing either.
/// </summary>
internal sealed class TimeoutWheel(FlowTimeouts timeouts)
{
    private const long SecondNs = 1_000_000_000;
    private readonly WheelRing?[] _ringOf = new WheelRing?[timeouts.Classes];
    private WheelRing[] _rings = []; // those that there are, by class: a run has few of the classes
    private long _second = SecondOf(long.MinValue);

    /// <summary>Clock from which <see cref="NextExpired"/> has work: compared with every packet's.</summary>
    public long DueNs { get; private set; } = long.MinValue;

    /// <summary>The timeouts in force, by class.</summary>
    public long[] TimeoutsNs { get; private set; } = timeouts.Normal;

    /// <summary>When a session is over, without another packet.</summary>
    public long DeadlineNs(FlowSession session) => session.LastNowNs + TimeoutsNs[session.TimeoutClass];

    /// <summary>From now on other timeouts hold; what is over by them ends with the next run.</summary>
    public void Use(long[] timeoutsNs)
    {
        TimeoutsNs = timeoutsNs;
        DueNs = long.MinValue;
    }

    /// <summary>Puts a session in the second of its last packet.</summary>
    public void Add(FlowSession session)
    {
        byte flowClass = session.TimeoutClass;
        WheelRing ring = _ringOf[flowClass] ?? AddRing(flowClass);
        session.WheelClass = flowClass;
        ring.Add(session, SecondOf(session.LastNowNs));
    }

    /// <summary>Takes a session out.</summary>
    public void Remove(FlowSession session)
    {
        if (session.WheelSlot >= 0)
            _ringOf[session.WheelClass]!.Remove(session);
    }

    /// <summary>The session is of another class now: it is put there at once if it may be over sooner than where it is.</summary>
    public void Reclass(FlowSession session, byte flowClass)
    {
        bool sooner = timeouts.IsShorter(session.TimeoutClass, flowClass);
        session.TimeoutClass = flowClass;
        if (!sooner)
            return;
        Remove(session);
        Add(session);
    }

    /// <summary>The next session that is over at this clock, taken out; null when the wheel has caught up with it.</summary>
    /// <param name="clockNs">The clock, which never goes back.</param>
    /// <param name="exact">
    /// Also those whose last second is still passing, in the order in which they were put there, up to the first that is not over.
    /// </param>
    public FlowSession? NextExpired(long clockNs, bool exact = false)
    {
        _second = Math.Max(_second, SecondOf(clockNs));
        WheelRing[] rings = _rings; // one that is added meanwhile has nothing to end
        foreach (WheelRing ring in rings)
        {
            if (NextOf(ring, FirstOpen(ring.Class), clockNs, exact) is { } session)
                return session;
        }
        DueNs = (_second + 1) * SecondNs;
        return null;
    }

    /// <summary>The session whose last packet is longest ago, to the second, taken out; null when there is none.</summary>
    public FlowSession? TakeLeastRecent()
    {
        FlowSession? least = null;
        // Sessions move to later states only, so to rings that are still to be looked at.
        for (int i = 0; i < _rings.Length; i++)
        {
            WheelRing ring = _rings[i];
            while (ring.First() is { } session)
            {
                if (session.TimeoutClass == session.WheelClass && ring.IsPlaced(session, SecondOf(session.LastNowNs)))
                {
                    if (least is null || session.LastNowNs < least.LastNowNs)
                        least = session;
                    break;
                }
                ring.Remove(session);
                Add(session);
            }
        }
        if (least is not null)
            Remove(least);
        return least;
    }

    /// <summary>Forgets the clock: the next source begins at another time. The wheel must be empty.</summary>
    public void Restart()
    {
        _second = SecondOf(long.MinValue);
        DueNs = long.MinValue;
        Array.Clear(_ringOf);
        _rings = [];
    }

    private WheelRing AddRing(byte flowClass)
    {
        var ring = new WheelRing(flowClass, timeouts.Normal[flowClass] / SecondNs, FirstOpen(flowClass));
        _ringOf[flowClass] = ring;
        _rings = [.. _rings, ring];
        Array.Sort(_rings, static (a, b) => a.Class - b.Class);
        return ring;
    }

    private FlowSession? NextOf(WheelRing ring, long open, long clockNs, bool exact)
    {
        while (ring.Reach(open) is { } session)
        {
            ring.Remove(session);
            if (DeadlineNs(session) < clockNs)
                return session;
            Add(session);
        }
        while (exact && ring.InFirstOpen(open) is { } session)
        {
            bool over = DeadlineNs(session) < clockNs;
            if (!over && session.TimeoutClass == session.WheelClass && ring.IsPlaced(session, SecondOf(session.LastNowNs)))
                break;
            ring.Remove(session);
            if (over)
                return session;
            Add(session);
        }
        return null;
    }

    /// <summary>The first second whose sessions are not all over, as far as they are still there.</summary>
    private long FirstOpen(byte flowClass) => _second - (TimeoutsNs[flowClass] / SecondNs);

    private static long SecondOf(long ns) => ns >= 0 ? ns / SecondNs : ((ns + 1) / SecondNs) - 1;
}
