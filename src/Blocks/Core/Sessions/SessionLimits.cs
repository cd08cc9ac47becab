namespace FlowPipe.Core.Sessions;

/// <summary>
/// A partition's share of the limits, and whether it is in emergency mode. Like Suricata's: what lasts too long by the emergency timeouts goes
/// first, then the least recent, and the mode ends when a good part is free again, so that it does not come and go with every packet.
/// </summary>
internal sealed class SessionLimits
{
    private readonly int _maxSessions;
    private readonly long _maxBytes;
    private readonly long _recoveredSessions;
    private readonly long _recoveredBytes;

    public SessionLimits(SessionSettings settings, int partitions)
    {
        _maxSessions = Math.Max(1, settings.MaxStreams / partitions);
        _maxBytes = settings.MemoryCap == 0 ? long.MaxValue : settings.MemoryCap / partitions;
        int kept = 100 - settings.EmergencyRecovery;
        _recoveredSessions = _maxSessions * (long)kept / 100;
        _recoveredBytes = _maxBytes / 100 * kept;
    }

    /// <summary>Whether it is in emergency mode.</summary>
    public bool IsEmergency { get; private set; }

    /// <summary>How often it was.</summary>
    public long Emergencies { get; private set; }

    /// <summary>The most bytes that there were.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Notes the bytes that there are, and says whether they are too many.</summary>
    public bool IsOver(long bytes)
    {
        if (bytes > PeakBytes)
            PeakBytes = bytes;
        return bytes >= _maxBytes;
    }

    /// <summary>Whether there is no room for another session.</summary>
    public bool IsFull(int sessions) => sessions >= _maxSessions;

    /// <summary>Whether emergency mode may end.</summary>
    public bool HasRecovered(int sessions, long bytes) => sessions <= _recoveredSessions && bytes <= _recoveredBytes;

    public void Enter()
    {
        IsEmergency = true;
        Emergencies++;
    }

    public void Leave() => IsEmergency = false;
}
