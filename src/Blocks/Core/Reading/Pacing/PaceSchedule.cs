namespace FlowPipe.Core.Reading.Pacing;

/// <summary>
/// Says when each packet is due, counted from the first. Stamps that go back are due at once, and so is a source that begins before the time that
/// has been reached or more than a minute after it: nobody waits a year for the second of two captures.
/// </summary>
internal sealed class PaceSchedule(ReplaySpeed speed)
{
    private const long NanosecondsPerTick = 100;
    private const long SourceGapMost = 60_000_000_000;

    private long _packets;
    private int _source = -1;
    private long _reachedNs; // the latest stamp
    private long _zeroNs; // stamp that is due at 0

    /// <summary>When the next packet is due.</summary>
    /// <param name="timestampNs">Its stamp.</param>
    /// <param name="source">Number of its source.</param>
    public TimeSpan Next(long timestampNs, int source)
    {
        long before = _packets++;
        if (speed.PacketsPerSecond > 0)
            return TimeSpan.FromSeconds(before / speed.PacketsPerSecond);
        if (before == 0)
            _zeroNs = _reachedNs = timestampNs;
        else if (source != _source && (timestampNs < _reachedNs || timestampNs - _reachedNs > SourceGapMost))
        {
            _zeroNs += timestampNs - _reachedNs;
            _reachedNs = timestampNs;
        }
        _source = source;
        _reachedNs = Math.Max(_reachedNs, timestampNs);
        return TimeSpan.FromTicks((long)((_reachedNs - _zeroNs) / speed.Factor / NanosecondsPerTick));
    }
}
