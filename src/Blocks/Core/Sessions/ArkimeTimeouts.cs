namespace FlowPipe.Core.Sessions;

/// <summary>
/// Ends and saves sessions when Arkime does (<c>sessions.arkimeTimeouts</c>): before each packet, by the second of the packet before it, at most ten
/// that are closing, ten idle ones of each protocol, and fifty whose record is old; the least recent first. A look-up ends none, so a session
/// that speaks again before anyone else does goes on however long it was idle, and after a jump in time some are saved as old before they are
/// ended as idle. When a session ends thus depends on all packets before, so there must be one partition: the records are then a
/// function of the packets, but not of each session's own.
/// </summary>
internal sealed class ArkimeTimeouts
{
    private const int EndedAtOnce = 10;
    private const int SavedAtOnce = 50;
    private const long SecondNs = 1_000_000_000;
    private readonly Dictionary<FlowSession, Places> _places = new(ReferenceEqualityComparer.Instance);
    private readonly LinkedList<FlowSession> _closing = [];
    private readonly LinkedList<FlowSession>[] _idle; // by protocol, least recent first
    private readonly LinkedList<FlowSession> _saved = []; // TCP sessions, by when their record becomes old
    private readonly int _closingTimeout;
    private long _second; // of the packet before
    private int _turn; // 0: those that are closing; then each protocol's; then the old
    private int _done; // in this turn
    private bool _through; // once a packet, however often the partition had to stop for its outbox

    public ArkimeTimeouts(SessionSettings settings, int protocols)
    {
        _closingTimeout = settings.TcpClosingTimeout;
        _idle = new LinkedList<FlowSession>[protocols];
        for (int i = 0; i < protocols; i++)
            _idle[i] = [];
    }

    /// <summary>The second of the packet before, as a time.</summary>
    public long SecondOfPacketNs => _second * SecondNs;

    /// <summary>The next session to be ended or saved before the next packet; null when there is none left.</summary>
    /// <param name="timeoutsNs">By class.</param>
    /// <param name="save">Whether its record is to be saved and the session goes on.</param>
    public FlowSession? Next(long[] timeoutsNs, out bool save)
    {
        save = false;
        if (_through)
            return null;
        for (; _turn <= _idle.Length; _turn++, _done = 0)
        {
            FlowSession? session = (_turn == 0 ? _closing : _idle[_turn - 1]).First?.Value;
            if (session is not null && _done < EndedAtOnce && IsOver(session, timeoutsNs))
            {
                _done++;
                return session;
            }
        }
        save = true;
        if (_saved.First?.Value is { } old && _done < SavedAtOnce && Second(old.SaveAtNs) < _second)
        {
            _done++;
            return old;
        }
        _turn = _done = 0;
        _through = true;
        return null;
    }

    /// <summary>A session's packet, which has been processed.</summary>
    public void Seen(FlowSession session, long packetNs)
    {
        _second = Second(packetNs);
        _through = false;
        Places places = Of(session);
        if (session.Closing)
        {
            if (places.ClosesAt != 0)
                return;
            places.ClosesAt = Second(session.LastNs) + _closingTimeout;
            places.Idle.List?.Remove(places.Idle);
            places.Saved.List?.Remove(places.Saved);
            _closing.AddLast(places.Idle);
            return;
        }
        places.Idle.List?.Remove(places.Idle);
        _idle[session.Protocol.Number].AddLast(places.Idle);
        if (session.IsTcp && places.Saved.List is null)
            _saved.AddLast(places.Saved);
    }

    /// <summary>A session whose record has been saved.</summary>
    public void Saved(FlowSession session)
    {
        LinkedListNode<FlowSession> place = Of(session).Saved;
        if (place.List is null)
            return;
        _saved.Remove(place);
        _saved.AddLast(place);
    }

    /// <summary>A session that has ended.</summary>
    public void Forget(FlowSession session)
    {
        if (!_places.Remove(session, out Places? places))
            return;
        places.Idle.List?.Remove(places.Idle);
        places.Saved.List?.Remove(places.Saved);
    }

    private bool IsOver(FlowSession session, long[] timeoutsNs) =>
        session.Closing ? Of(session).ClosesAt < _second : Second(session.LastNs) + (timeoutsNs[session.TimeoutClass] / SecondNs) < _second;

    private Places Of(FlowSession session)
    {
        if (!_places.TryGetValue(session, out Places? places))
            _places.Add(session, places = new Places(session));
        return places;
    }

    private static long Second(long ns) => ns >= 0 ? ns / SecondNs : ((ns + 1) / SecondNs) - 1;

    /// <summary>Where a session stands.</summary>
    private sealed class Places(FlowSession session)
    {
        public readonly LinkedListNode<FlowSession> Idle = new(session); // or among those that are closing
        public readonly LinkedListNode<FlowSession> Saved = new(session);
        public long ClosesAt; // second; 0 while it is not closing
    }
}
