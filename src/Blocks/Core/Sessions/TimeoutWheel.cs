namespace FlowPipe.Core.Sessions;

/// <summary>
/// Ends sessions in packet time. A session lies in the slot of the second in which it may be over. A packet does not move it: when its slot
/// comes up, it is either over or put where it now belongs, so a busy session costs nothing. Slots hold linked lists through the sessions.
/// </summary>
internal sealed class TimeoutWheel
{
    private const int Slots = 1024; // a timeout beyond 1,024 s waits in the last slot and is looked at once more
    private const long SlotNs = 1_000_000_000;
    private readonly FlowSession?[] _slots = new FlowSession?[Slots];
    private long _second = long.MinValue;

    /// <summary>Clock from which <see cref="NextExpired"/> has work: compared with every packet's.</summary>
    public long DueNs { get; private set; } = long.MinValue;

    /// <summary>Puts a session where its deadline says.</summary>
    public void Add(FlowSession session)
    {
        long second = Math.Clamp(SecondOf(session.DeadlineNs) + 1, _second + 1, _second + Slots - 1);
        int slot = (int)(second & (Slots - 1));
        FlowSession? head = _slots[slot];
        session.WheelSlot = slot;
        session.WheelPrevious = null;
        session.WheelNext = head;
        if (head is not null)
            head.WheelPrevious = session;
        _slots[slot] = session;
    }

    /// <summary>Takes a session out.</summary>
    public void Remove(FlowSession session)
    {
        if (session.WheelSlot < 0)
            return;
        if (session.WheelPrevious is { } previous)
            previous.WheelNext = session.WheelNext;
        else
            _slots[session.WheelSlot] = session.WheelNext;
        if (session.WheelNext is { } next)
            next.WheelPrevious = session.WheelPrevious;
        session.WheelNext = session.WheelPrevious = null;
        session.WheelSlot = -1;
    }

    /// <summary>Puts a session whose timeout has become shorter where it now belongs.</summary>
    public void Move(FlowSession session)
    {
        Remove(session);
        Add(session);
    }

    /// <summary>The next session that is over at this clock, taken out; null when the wheel has caught up with it.</summary>
    public FlowSession? NextExpired(long clockNs)
    {
        long now = SecondOf(clockNs);
        if (_second == long.MinValue)
            _second = now;
        while (true)
        {
            int slot = (int)(_second & (Slots - 1));
            while (_slots[slot] is { } session)
            {
                Remove(session);
                if (session.DeadlineNs < clockNs)
                    return session;
                Add(session);
            }
            if (_second >= now)
                break;
            // A jump of the clock beyond the wheel's length passes every slot once.
            _second = Math.Max(_second + 1, now - Slots + 1);
        }
        DueNs = (_second + 1) * SlotNs;
        return null;
    }

    /// <summary>Any session, the one due soonest first as far as the wheel can tell; null when there is none.</summary>
    public FlowSession? TakeSoonest()
    {
        for (int i = 0; i < Slots; i++)
        {
            if (_slots[(int)((_second + i) & (Slots - 1))] is { } session)
            {
                Remove(session);
                return session;
            }
        }
        return null;
    }

    /// <summary>Forgets the clock: the next source begins at another time. The wheel must be empty.</summary>
    public void Restart()
    {
        _second = long.MinValue;
        DueNs = long.MinValue;
    }

    private static long SecondOf(long ns) => ns >= 0 ? ns / SlotNs : ((ns + 1) / SlotNs) - 1;
}
