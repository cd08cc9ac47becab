using System.Threading.Tasks.Dataflow;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Stats;
using FlowPipe.Core.Writing;
using Barrier = FlowPipe.Core.Messages.Barrier;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// The block of one partition. Its queue carries slices, barriers and commands, in order; its outputs are records and counters. It waits only where an
/// output is full, and that is how backpressure from a sink reaches enqueue.
/// </summary>
public sealed class SessionBlock
{
    private readonly BufferBlock<SpiBatch> _spi = new(BlockOptions.Bounded(BlockOptions.MinimumCapacity));
    private readonly BufferBlock<PcapBuffer> _pcap = new(BlockOptions.Bounded(BlockOptions.MinimumCapacity));
    private readonly BufferBlock<BlockStats> _stats = new(BlockOptions.Bounded(BlockOptions.MinimumCapacity));
    private readonly SpiOutbox _outbox;
    private readonly PcapAppender? _appender;
    private readonly Partition _partition;
    private readonly StatsClock _clock;
    private readonly int _capacity;
    private long _messages;
    private int _published = -1;

    internal SessionBlock(int partition, PartitionSetup setup, int capacity, StatsClock clock)
    {
        _outbox = new SpiOutbox(partition);
        _appender = setup.Appender;
        _partition = new Partition(setup, _outbox);
        _clock = clock;
        _capacity = capacity;
        Name = $"session {partition}";
        Input = new ActionBlock<PartitionMessage>(OnMessageAsync, BlockOptions.Bounded(capacity));
        _ = CompleteOutputsAsync();
    }

    /// <summary>Its name in stats and faults.</summary>
    public string Name { get; }

    /// <summary>The partition's queue.</summary>
    public ActionBlock<PartitionMessage> Input { get; }

    /// <summary>How full its queue is, percent: how far it is behind. May be asked from any thread.</summary>
    public int BehindPercent => Input.InputCount * 100 / _capacity;

    /// <summary>Sources that are held for open sessions, and the newest. Asked when nothing runs any more.</summary>
    internal int HeldSources => _partition.HeldSources;

    /// <summary>Records, encoded.</summary>
    public ISourceBlock<SpiBatch> Spi => _spi;

    /// <summary>Packets for the writer.</summary>
    public ISourceBlock<PcapBuffer> Pcap => _pcap;

    /// <summary>Counters, when it is time for them.</summary>
    public ISourceBlock<BlockStats> Stats => _stats;

    private async Task OnMessageAsync(PartitionMessage message)
    {
        _messages++;
        try
        {
            await (
                message switch
                {
                    PartitionSlice slice => OnSliceAsync(slice),
                    Barrier barrier => OnBarrierAsync(barrier),
                    SessionCommand command => OnCommandAsync(command),
                    _ => throw new InvalidOperationException($"{message.GetType().Name} in a partition's queue"),
                }
            ).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw new MessageDroppedException(e);
        }
        if (_published != _clock.Second || message is Barrier { Final: true })
        {
            _published = _clock.Second;
            await WriteOpenAsync().ConfigureAwait(false);
            await _stats
                .SendAsync(new BlockStats(Name, _messages) { Sessions = _partition.Counts(), Plugins = _partition.Plugins.Copy() })
                .ConfigureAwait(false);
        }
    }

    private async Task OnSliceAsync(PartitionSlice slice)
    {
        int next = 0;
        int count = slice.Records.Length;
        while ((next = _partition.Process(slice, next)) < count)
        {
            if (_appender is { HasReady: true })
                await WriteReadyAsync(_appender).ConfigureAwait(false);
            if (_outbox.IsFull)
                await SendAsync().ConfigureAwait(false);
        }
        if (_appender is { HasReady: true })
            await WriteReadyAsync(_appender).ConfigureAwait(false);
        slice.Batch.SliceDone();
    }

    private async Task OnBarrierAsync(Barrier barrier)
    {
        _partition.Lost = barrier.Lost;
        while (!_partition.RunTimeouts(barrier.ClockNs))
            await SendAsync().ConfigureAwait(false);
        if (barrier.Final)
        {
            while (!_partition.EndAll(barrier.ClockNs))
                await SendAsync().ConfigureAwait(false);
        }
        _appender?.Advance(barrier.ClockNs);
        await SendAsync().ConfigureAwait(false);
        if (barrier.Milestone is { } milestone)
        {
            _partition.Report(milestone);
            await SendAsync(_outbox.Mark(milestone)).ConfigureAwait(false);
        }
        if (barrier.Commit is { } point)
            await SendAsync(_outbox.Mark(point, _partition.Counts().Emergencies > 0)).ConfigureAwait(false);
    }

    private async Task OnCommandAsync(SessionCommand command)
    {
        if (_outbox.IsFull)
            await SendAsync().ConfigureAwait(false);
        _partition.Execute(command);
    }

    private Task SendAsync() => _outbox.Take() is { } batch ? SendAsync(batch) : Task.CompletedTask;

    private async Task SendAsync(SpiBatch batch)
    {
        // Emit waits until the records' packets are written: what it waits for must not wait here.
        if (_appender is not null && batch.WrittenUpTo == _appender.Generation)
            _appender.HandOver();
        if (_appender is { HasReady: true })
            await WriteReadyAsync(_appender).ConfigureAwait(false);
        if (!await _spi.SendAsync(batch).ConfigureAwait(false))
            throw new InvalidOperationException("emit takes no more records");
    }

    private Task WriteOpenAsync()
    {
        if (_appender is null)
            return Task.CompletedTask;
        _appender.HandOver();
        return WriteReadyAsync(_appender);
    }

    private async Task WriteReadyAsync(PcapAppender appender)
    {
        while (appender.TryTake(out PcapBuffer? buffer))
        {
            if (!await _pcap.SendAsync(buffer).ConfigureAwait(false))
                throw new InvalidOperationException("the writer takes no more packets");
        }
    }

    private async Task CompleteOutputsAsync()
    {
        try
        {
            await Input.Completion.ConfigureAwait(false);
            _spi.Complete();
            _pcap.Complete();
            _stats.Complete();
        }
        catch (Exception e)
        {
            ((IDataflowBlock)_spi).Fault(e);
            ((IDataflowBlock)_pcap).Fault(e);
            ((IDataflowBlock)_stats).Fault(e);
        }
    }
}
