using System.Runtime.CompilerServices;
using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue.Drops;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Overload;
using FlowPipe.Core.Stats;
using FlowPipe.Schemas;
using Barrier = FlowPipe.Core.Messages.Barrier;

namespace FlowPipe.Core.Enqueue;

/// <summary>
/// Phase 1 for whole batches: stamps ordinal and clock, decodes, and sorts the batch by partition (a counting sort, so order inside a partition
/// is the order in which packets came). One at a time, which is what makes clock and order a function of the packets.
/// </summary>
public sealed class EnqueueBlock
{
    private const long NewRunNs = 60_000_000_000;
    private readonly BufferBlock<BlockStats> _stats = new(BlockOptions.Bounded(BlockOptions.MinimumCapacity));
    private readonly PacketDecoder _decoder;
    private readonly PacketDrops _drops;
    private readonly int _partitions;
    private readonly StatsClock _statsClock;
    private byte[] _partitionOf = [];
    private readonly int[] _counts;
    private readonly CommitPoints? _points;
    private readonly LiveEnqueue? _live;
    private Barrier[] _atCut = [];
    private PacketClock _clock = new();
    private PacketSource? _source;
    private long _ordinal;
    private long _messages;
    private int _published = -1;

    internal EnqueueBlock(
        PacketDecoder decoder,
        PacketDrops drops,
        int partitions,
        int capacity,
        StatsClock statsClock,
        CommitPoints? points = null,
        LiveControl? live = null
    )
    {
        _live = live is null ? null : new LiveEnqueue(live);
        _points = points;
        _decoder = decoder;
        _drops = drops;
        _partitions = partitions;
        _counts = new int[2 * partitions];
        _statsClock = statsClock;
        Block = new TransformManyBlock<PacketBatch, PartitionMessage>(OnMessage, BlockOptions.Bounded(capacity));
        _ = CompleteOutputsAsync();
    }

    /// <summary>From batches to what each partition has to do.</summary>
    public TransformManyBlock<PacketBatch, PartitionMessage> Block { get; }

    /// <summary>Counters, when it is time for them.</summary>
    public ISourceBlock<BlockStats> Stats => _stats;

    /// <summary>The partition that a hash belongs to: from its high half, since the bucket comes from the low one.</summary>
    internal static int PartitionOf(ulong hash, int partitions) => (int)(((hash >> 32) * (uint)partitions) >> 32);

    // Not asynchronous: Dataflow would allocate four objects a batch for the task, though there is hardly ever anything to wait for.
    private PartitionMessage[] OnMessage(PacketBatch batch)
    {
        _messages++;
        bool end = ReferenceEquals(batch, PacketBatch.End) || ReferenceEquals(batch, PacketBatch.Stopped);
        PartitionMessage[] messages;
        try
        {
            messages = end ? AtEnd(stopped: ReferenceEquals(batch, PacketBatch.Stopped)) : OnBatch(batch);
        }
        catch (OperationCanceledException e)
        {
            throw new MessageDroppedException(e);
        }
        if (_published != _statsClock.Second || end)
        {
            _published = _statsClock.Second;
            _stats
                .SendAsync(new BlockStats("enqueue", _messages) { Verdicts = [.. _decoder.Verdicts], Plugins = _decoder.Plugins.Copy() })
                .GetAwaiter()
                .GetResult();
        }
        return messages;
    }

    private PartitionMessage[] OnBatch(PacketBatch batch)
    {
        PartitionMessage[] before = [];
        if (_live is { } live)
        {
            live.Begin();
            if (live.IsSetBack(batch))
            {
                before = FinalBarriers(null);
                live.Clock.Restart();
                _drops.Restart();
            }
            if (batch.Count == 0)
                return [.. before, .. OnTick(live, batch)];
        }
        else if (batch.Milestone is { } milestone)
        {
            return AtMilestone(milestone);
        }
        else if (!ReferenceEquals(batch.Source, _source) && batch.Count > 0)
        {
            // A file that begins before the clock is not the next of a rotated series: what is open ends, and time begins anew.
            if (_source is not null && _clock.Now != long.MinValue && batch.Records[0].TimestampNs < _clock.Now - NewRunNs)
            {
                before = FinalBarriers(null);
                RestartClock();
            }
            _source = batch.Source;
        }
        int cut = _points?.CutOf(_ordinal, batch.Count) ?? 0;
        batch.Share(_partitions, cut > 0);
        Decode(batch, cut);
        _live?.End(batch, _decoder.Verdicts);
        Sort(batch, cut);
        PartitionMessage[] after = _points is { } points && points.IsDue(_ordinal) ? Barriers(points.Make(_ordinal)) : [];
        if (cut > 0)
            return [.. before, .. batch.Slices[.._partitions], .. _atCut, .. batch.Slices[_partitions..], .. after];
        return before.Length + after.Length == 0 ? batch.Slices : [.. before, .. batch.Slices, .. after];
    }

    /// <summary>Time passes, though no packet came: what is over by now ends, and what is ready leaves.</summary>
    private Barrier[] OnTick(LiveEnqueue live, PacketBatch batch)
    {
        live.Clock.Tick(batch.ReaderId, batch.TickNs);
        live.End(batch, _decoder.Verdicts);
        batch.Recycle();
        return Barriers(null);
    }

    private Barrier[] AtMilestone(Milestone milestone)
    {
        if (!milestone.EndsSessions)
        {
            milestone.Holds(_decoder.Fragments.OldestSource);
            return Barriers(null, milestone: milestone);
        }
        Barrier[] barriers = FinalBarriers(null, milestone);
        RestartClock();
        _source = null;
        return barriers;
    }

    private void RestartClock()
    {
        _clock = new PacketClock();
        _drops.Restart();
    }

    /// <summary>
    /// The end of the run. What sessions say when they are cut short by a stop is not for ever: where records are committed, the last point comes
    /// before it, and the next run goes on from there.
    /// </summary>
    private PartitionMessage[] AtEnd(bool stopped)
    {
        if (_points is not { } points)
            return FinalBarriers(null);
        if (!stopped)
            return FinalBarriers(points.Make(_ordinal, last: true));
        return points.IsBehind(_ordinal) ? [.. Barriers(points.Make(_ordinal)), .. FinalBarriers(null)] : FinalBarriers(null);
    }

    private void Decode(PacketBatch batch, int cut)
    {
        const byte Nowhere = byte.MaxValue;
        if (_partitionOf.Length < batch.Count)
            _partitionOf = new byte[batch.Records.Length];
        Array.Clear(_counts);
        bool drops = _drops.BeginBatch();
        int shedBelow = _live?.ShedBelow ?? 0;
        _decoder.Batch = batch;
        Span<PacketRecord> records = batch.Records.AsSpan(0, batch.Count);
        for (int i = 0; i < records.Length; i++)
        {
            ref PacketRecord record = ref records[i];
            if (_points is { } points)
            {
                if (cut > 0 && i == cut)
                    _atCut = Barriers(points.Make(_ordinal));
                points.Add(in record, batch.Frame(in record));
            }
            record.ClockNs = _live is null ? _clock.Advance(record.TimestampNs) : _live.Clock.Advance(record.ReaderId, record.TimestampNs);
            record.Ordinal = _ordinal++;
            PacketRc verdict = _decoder.Decode(ref record, batch.Frame(in record));
            if (drops && verdict == PacketRc.DoProcess)
                verdict = _drops.Check(in record, batch.Frame(in record));
            if (shedBelow > 0 && verdict == PacketRc.DoProcess && OverloadControl.RangeOf(record.Hash) < shedBelow)
                verdict = PacketRc.OverloadDropped;
            _decoder.Verdicts[(int)verdict] += batch.PacketsOf(in record);
            if (verdict != PacketRc.DoProcess)
            {
                _partitionOf[i] = Nowhere;
                continue;
            }
            int partition = PartitionOf(record.Hash, _partitions);
            _partitionOf[i] = (byte)partition;
            _counts[SliceOf(i, cut)]++;
        }
    }

    // Behind a cut each partition has a second slice.
    private int SliceOf(int packet, int cut) => packet < cut || cut == 0 ? _partitionOf[packet] : _partitions + _partitionOf[packet];

    [MethodImpl(HotPath.Options)]
    private void Sort(PacketBatch batch, int cut)
    {
        int start = 0;
        for (int slice = 0; slice < batch.Slices.Length; slice++)
        {
            batch.SliceStart[slice] = start;
            start += _counts[slice];
            _counts[slice] = batch.SliceStart[slice];
        }
        batch.SliceStart[^1] = start;
        for (int i = 0; i < batch.Count; i++)
        {
            if (_partitionOf[i] < _partitions)
                batch.Sorted[_counts[SliceOf(i, cut)]++] = batch.Records[i];
        }
    }

    private Barrier[] FinalBarriers(CommitPoint? commit, Milestone? milestone = null)
    {
        _decoder.Fragments.Flush();
        return Barriers(commit, final: true, milestone);
    }

    private Barrier[] Barriers(CommitPoint? commit, bool final = false, Milestone? milestone = null)
    {
        var barriers = new Barrier[_partitions];
        for (int partition = 0; partition < _partitions; partition++)
            barriers[partition] = new Barrier
            {
                Partition = partition,
                ClockNs = _live?.Clock.Now ?? _clock.Now,
                Ordinal = _ordinal,
                Final = final,
                Lost = _live?.Lost ?? default,
                Milestone = milestone,
                Commit = commit,
            };
        return barriers;
    }

    private async Task CompleteOutputsAsync()
    {
        try
        {
            await Block.Completion.ConfigureAwait(false);
            _stats.Complete();
        }
        catch (Exception e)
        {
            ((IDataflowBlock)_stats).Fault(e);
        }
    }
}
