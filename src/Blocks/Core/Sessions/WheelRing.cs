using System.Numerics;
using System.Runtime.CompilerServices;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// The sessions of one class of timeouts by the second of their last packet, as far as the ring knows it. Each second is a linked list through
/// the sessions, in the order in which they were put there.
/// </summary>
internal sealed class WheelRing
{
    private readonly Slot[] _slots;
    private long _open; // seconds before it are empty
    private long _first; // no session lies before it
    private int _count;

    /// <param name="flowClass">Whose it is.</param>
    /// <param name="timeout">The longest that a session stays, in seconds.</param>
    /// <param name="open">The first second that is not over.</param>
    public WheelRing(byte flowClass, long timeout, long open)
    {
        Class = flowClass;
        // One more for the second that is passing, and one for the last that is not yet looked at.
        _slots = new Slot[BitOperations.RoundUpToPowerOf2((ulong)timeout + 3)];
        _open = _first = open;
    }

    /// <summary>The class of timeouts.</summary>
    public byte Class { get; }

    /// <summary>Puts a session into a second; one that lies outside of the ring, by a false stamp, goes to its end and is looked at once more.</summary>
    public void Add(FlowSession session, long second)
    {
        long place = PlaceOf(second);
        var slot = (int)(place & (_slots.Length - 1));
        FlowSession? last = _slots[slot].Last;
        session.WheelSlot = slot;
        session.WheelPrevious = last;
        session.WheelNext = null;
        if (last is null)
            _slots[slot].First = session;
        else
            last.WheelNext = session;
        _slots[slot].Last = session;
        _first = _count++ == 0 ? place : Math.Min(_first, place);
    }

    /// <summary>Takes a session out.</summary>
    [MethodImpl(HotPath.Options)]
    public void Remove(FlowSession session)
    {
        ref Slot slot = ref _slots[session.WheelSlot];
        if (session.WheelPrevious is { } previous)
            previous.WheelNext = session.WheelNext;
        else
            slot.First = session.WheelNext;
        if (session.WheelNext is { } next)
            next.WheelPrevious = session.WheelPrevious;
        else
            slot.Last = session.WheelPrevious;
        session.WheelNext = session.WheelPrevious = null;
        session.WheelSlot = -1;
        _count--;
    }

    /// <summary>Goes on to a second, and stops at each session before it: the caller takes it out. Null when there is none.</summary>
    public FlowSession? Reach(long open)
    {
        while (_open < open)
        {
            if (_count == 0)
            {
                _open = open;
                break;
            }
            // A jump of the clock beyond the ring's length passes every slot once.
            _open = Math.Max(_open, open - _slots.Length);
            if (_slots[(int)(_open & (_slots.Length - 1))].First is { } session)
                return session;
            _open++;
        }
        return null;
    }

    /// <summary>The first session of the second that is not over as a whole, if the ring has come to it.</summary>
    public FlowSession? InFirstOpen(long open) => _open == open ? _slots[(int)(open & (_slots.Length - 1))].First : null;

    /// <summary>The session that lies in the earliest second; null when there is none.</summary>
    public FlowSession? First()
    {
        if (_count == 0)
            return null;
        _first = Math.Max(_first, _open);
        while (true)
        {
            if (_slots[(int)(_first & (_slots.Length - 1))].First is { } session)
                return session;
            _first++;
        }
    }

    /// <summary>Whether a session lies where a session of that second would be put.</summary>
    public bool IsPlaced(FlowSession session, long second) => session.WheelSlot == (int)(PlaceOf(second) & (_slots.Length - 1));

    private long PlaceOf(long second) => Math.Clamp(second, _open, _open + _slots.Length - 1);

    private struct Slot
    {
        public FlowSession? First;
        public FlowSession? Last;
    }
}
