namespace FlowPipe.Core.Enqueue;

/// <summary>
/// The clock of DESIGN law 2: max(clock, min(time of the packet before, its own)). It never goes back, and one false stamp can't move it.
/// </summary>
internal struct PacketClock()
{
    private long _previous = long.MinValue;

    /// <summary>The clock at the packet seen last.</summary>
    public long Now { get; private set; } = long.MinValue;

    /// <summary>Moves it by a packet's time, and returns it.</summary>
    public long Advance(long timestampNs)
    {
        Now = Math.Max(Now, Math.Min(_previous, timestampNs));
        _previous = timestampNs;
        return Now;
    }
}
