using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Enqueue;

/// <summary>
/// The clock of a run with several readers: the least of theirs, so that what a slow one still holds never comes after its session's timeout. A reader
/// on which nothing comes says how late it is by ticks. It never goes back.
/// </summary>
internal sealed class LiveClock
{
    private readonly PacketClock[] _packets;
    private readonly long[] _readers;

    public LiveClock(int readers)
    {
        _packets = new PacketClock[readers];
        _readers = new long[readers];
        Restart();
    }

    /// <summary>The run's clock.</summary>
    public long Now { get; private set; }

    /// <summary>The clock of one reader.</summary>
    public long Of(byte reader) => _readers[reader];

    /// <summary>Begins anew: the time on this machine was set back.</summary>
    public void Restart()
    {
        Now = long.MinValue;
        for (int i = 0; i < _readers.Length; i++)
        {
            _packets[i] = new PacketClock();
            _readers[i] = long.MinValue;
        }
    }

    /// <summary>Moves a reader's clock by a packet's time; returns the run's.</summary>
    public long Advance(byte reader, long timestampNs) => Move(reader, _packets[reader].Advance(timestampNs));

    /// <summary>Nothing earlier comes from this reader any more, as it says itself.</summary>
    public long Tick(byte reader, long ns) => Move(reader, ns);

    private long Move(byte reader, long ns)
    {
        long before = _readers[reader];
        if (ns <= before)
            return Now;
        _readers[reader] = ns;
        // only the last one can have held it back
        if (before > Now)
            return Now;
        long least = long.MaxValue;
        foreach (long clock in _readers)
            least = Math.Min(least, clock);
        // readers that have ended hold nothing back; where all have, the clock stays
        if (least > Now && least != PacketBatch.NoMorePackets)
            Now = least;
        return Now;
    }
}
