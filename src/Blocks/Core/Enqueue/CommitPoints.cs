using System.IO.Hashing;
using System.Runtime.InteropServices;
using FlowPipe.Abstractions;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Stats;

namespace FlowPipe.Core.Enqueue;

/// <summary>
/// Where a run's records can be committed: behind a batch, when enough packets, bytes of records or seconds have passed since the point before; and
/// in a run that goes on where another ended, first of all exactly where that one did, wherever its batches are cut.
/// </summary>
public sealed class CommitPoints(CommitSettings settings, StatsClock clock)
{
    private readonly XxHash128 _packets = new();
    private long _last;
    private int _lastSecond;
    private int _asked;

    private long _resumeAt;

    /// <summary>
    /// What was committed when this run began: no point comes before it; none at all but the end's where all was.
    /// </summary>
    public required Checkpoint? Resumed
    {
        init =>
            _resumeAt = value switch
            {
                null => 0,
                { Last: true } => long.MaxValue,
                _ => value.Ordinal,
            };
    }

    /// <summary>Whether there is a point behind a packet.</summary>
    internal bool IsBehind(long ordinal) => ordinal > _resumeAt;

    /// <summary>Asks for a point soon: whoever keeps the records since the last one has no more room. May be called from any thread.</summary>
    public void Ask() => Volatile.Write(ref _asked, 1);

    /// <summary>Where the point to go on from cuts a batch: packets of it that come before; 0 where it does not.</summary>
    internal int CutOf(long ordinal, int packets) => _resumeAt > ordinal && _resumeAt < ordinal + packets ? (int)(_resumeAt - ordinal) : 0;

    /// <summary>Takes a packet into the digest.</summary>
    internal void Add(in PacketRecord record, ReadOnlySpan<byte> frame)
    {
        Span<long> about = [record.TimestampNs, record.OriginalLength, record.CapturedLength, record.LinkType];
        _packets.Append(MemoryMarshal.AsBytes(about));
        _packets.Append(frame);
    }

    /// <summary>Whether there is to be a point behind the packets so far.</summary>
    internal bool IsDue(long ordinal)
    {
        if (ordinal <= _resumeAt)
            return ordinal == _resumeAt && ordinal > _last;
        return ordinal - _last >= settings.Packets
            || Volatile.Read(ref _asked) != 0
            || (ordinal > _last && clock.Second - _lastSecond >= settings.Seconds);
    }

    /// <summary>A point behind the packets so far.</summary>
    internal CommitPoint Make(long ordinal, bool last = false)
    {
        _last = ordinal;
        _lastSecond = clock.Second;
        Volatile.Write(ref _asked, 0);
        return new CommitPoint(ordinal, _packets.GetCurrentHashAsUInt128(), last);
    }
}
