using System.Threading.Tasks.Dataflow;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// Gives each batch to each sink in turn, then recycles it. One runs for all partitions, so sinks need not be safe for several callers. A sink
/// that throws faults the block, and with it the graph; what the sinks have taken until then can still be flushed.
/// </summary>
public sealed class EmitBlock : IAsyncDisposable
{
    private const int SettleMilliseconds = 10_000;
    private readonly ISpiSink[] _sinks;
    private readonly ICommittingSink? _committing;
    private readonly BarrierAligner? _aligner;
    private readonly int _partitions;
    private readonly WrittenGate? _gate;
    private long _batches;
    private long _records;

    /// <param name="sinks">At least one; they belong to the block from now on.</param>
    /// <param name="capacity">Batches that it holds.</param>
    /// <param name="partitions">Whose records come: a sink that commits needs to know all who must come to a commit point.</param>
    /// <param name="gate">Holds records back until their packets are written; null where no packets are.</param>
    public EmitBlock(
        IReadOnlyList<ISpiSink> sinks,
        int capacity = BlockOptions.MinimumCapacity,
        int partitions = 1,
        WrittenGate? gate = null
    )
    {
        _gate = gate;
        Capacity = capacity;
        ArgumentNullException.ThrowIfNull(sinks);
        ArgumentOutOfRangeException.ThrowIfZero(sinks.Count, nameof(sinks));
        _sinks = [.. sinks];
        _partitions = partitions;
        foreach (ISpiSink sink in _sinks)
        {
            WantsAvro |= sink.WantsAvro;
            WantsJson |= sink.WantsJson;
            _committing ??= sink as ICommittingSink;
        }
        if (_committing is not null)
            _aligner = new BarrierAligner(partitions);

        Block = new ActionBlock<SpiBatch>(EmitAsync, BlockOptions.Bounded(capacity));
    }

    /// <summary>The block, to be linked by the graph.</summary>
    public ActionBlock<SpiBatch> Block { get; }

    /// <summary>The sinks, in the order in which they were given.</summary>
    public IReadOnlyList<ISpiSink> Sinks => _sinks;

    /// <summary>The sink that commits, if one does.</summary>
    public ICommittingSink? Committing => _committing;

    /// <summary>Whether any sink needs the records' Avro form.</summary>
    public bool WantsAvro { get; }

    /// <summary>Whether any sink needs the records' JSON form.</summary>
    public bool WantsJson { get; }

    /// <summary>Batches that every sink has taken.</summary>
    public long Batches => Interlocked.Read(ref _batches);

    /// <summary>Records in them.</summary>
    public long Records => Interlocked.Read(ref _records);

    /// <summary>Batches that may wait.</summary>
    public int Capacity { get; }

    /// <summary>Batches that wait.</summary>
    public int QueueDepth => Block.InputCount;

    /// <summary>Opens all sinks, before the first packet is read.</summary>
    /// <exception cref="FlowPipeException">One can't be had; those opened before it are left to <see cref="DisposeAsync"/>.</exception>
    public async ValueTask OpenAsync(CancellationToken stop)
    {
        foreach (ISpiSink sink in _sinks)
        {
            await sink.OpenAsync(stop);
        }
    }

    /// <summary>
    /// Flushes all sinks, after the block has completed or faulted: one that fails does not keep the others from it.
    /// </summary>
    public async ValueTask FlushAsync(CancellationToken deadline)
    {
        List<Exception>? errors = null;
        foreach (ISpiSink sink in _sinks)
        {
            try
            {
                await sink.FlushAsync(deadline);
            }
            catch (Exception e)
            {
                (errors ??= []).Add(e);
            }
        }

        if (errors is [var only])
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(only);
        }
        else if (errors is not null)
        {
            throw new AggregateException(errors);
        }
    }

    /// <summary>Closes all sinks.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (ISpiSink sink in _sinks)
        {
            await sink.DisposeAsync();
        }
    }

    private async Task EmitAsync(SpiBatch batch)
    {
        try
        {
            if (_gate is not null && batch.WrittenUpTo > 0)
                await _gate.PassAsync(batch);
            if (batch.Milestone is { } milestone)
                await TakeAsync(milestone);
            else if (_aligner is null)
                await WriteAsync(batch);
            else if (!_aligner.Keeps(batch))
                await TakeAsync(_aligner, batch);
        }
        catch (OperationCanceledException e)
        {
            throw new MessageDroppedException(e);
        }
    }

    private async Task TakeAsync(BarrierAligner aligner, SpiBatch first)
    {
        for (SpiBatch? batch = first; batch is not null; batch = aligner.Next())
        {
            if (batch.Commit is not { } point)
                await WriteAsync(batch);
            else if (aligner.Arrives(batch))
                await _committing!.CommitAsync(point, aligner.Forced);
        }
    }

    // What comes behind waits with it: only then is it known whose fates are still open.
    private async Task TakeAsync(Milestone milestone)
    {
        if (!milestone.Arrives(_partitions))
            return;
        // Brokers may be gone for hours; what can go to a spool meanwhile must not wait here for so long.
        long untilMs = Environment.TickCount64 + SettleMilliseconds;
        bool isSettled = true;
        foreach (ISpiSink sink in _sinks)
        {
            isSettled &= await sink.SettleAsync(() => milestone.IsAbandoned || Environment.TickCount64 > untilMs);
        }

        milestone.Reach(isSettled);
    }

    private async Task WriteAsync(SpiBatch batch)
    {
        foreach (ISpiSink sink in _sinks)
        {
            await sink.WriteAsync(batch);
        }

        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _records, batch.Count);
        batch.Recycle();
    }
}
