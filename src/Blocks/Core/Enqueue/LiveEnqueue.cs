using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Overload;

namespace FlowPipe.Core.Enqueue;

/// <summary>Enqueue's part of a live run: the clock of several readers, what was lost so far, what is to be shed.</summary>
internal sealed class LiveEnqueue(LiveControl control)
{
    private const long SetBackNs = 60_000_000_000;
    private readonly LostPackets[] _byReader = new LostPackets[control.Readers];

    public LiveClock Clock { get; } = new(control.Readers);

    /// <summary>What was lost on all ways so far.</summary>
    public LostPackets Lost { get; private set; }

    /// <summary>Flows whose hash lies in a range below are shed.</summary>
    public int ShedBelow => control.Overload.ShedBelow;

    /// <summary>A batch has come: it is time to see how far behind the partitions are.</summary>
    public void Begin() => control.Overload.Update();

    /// <summary>Whether this machine's time was set back, as far as a batch shows it: what is open ends then, and time begins anew.</summary>
    public bool IsSetBack(PacketBatch batch)
    {
        long first = batch.Count > 0 ? batch.Records[0].TimestampNs : batch.TickNs;
        long clock = Clock.Of(batch.ReaderId);
        return clock is not (long.MinValue or PacketBatch.NoMorePackets) && first < clock - SetBackNs;
    }

    /// <summary>A batch has been decoded: its packets, and those after it, know what was lost before.</summary>
    public void End(PacketBatch batch, long[] verdicts)
    {
        _byReader[batch.ReaderId] = batch.LostByReader;
        long kernel = 0;
        long shed = verdicts[(int)PacketRc.OverloadDropped];
        foreach (LostPackets lost in _byReader)
        {
            kernel += lost.Kernel;
            shed += lost.Shed;
        }
        Lost = batch.Lost = new LostPackets(kernel, shed);
    }
}
