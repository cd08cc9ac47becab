using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Overload;

namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// Where a lane hands its batches on. It never waits longer than the kernel has room for what comes meanwhile: what nobody takes until then is
/// shed and counted (DESIGN law 6). Of one lane's thread,
/// but for batches that come back.
/// </summary>
internal sealed class BatchOutlet
{
    private readonly CreditPool<PacketBatch> _batches;
    private readonly LaneSetup _setup;
    private readonly ReaderCounts _counts;
    private ITargetBlock<PacketBatch> _enqueue = DataflowBlock.NullTarget<PacketBatch>();
    private long _ordinal;

    public BatchOutlet(LaneSetup setup, ReaderCounts counts)
    {
        _setup = setup;
        _counts = counts;
        _batches = new CreditPool<PacketBatch>(
            setup.Settings.Batches,
            () => new PacketBatch(setup.Settings.BatchPackets, _batches!.Return)
        );
    }

    /// <summary>
    /// Whether what is not taken at once may be offered again: the kernel still has room for what comes meanwhile. Asked each millisecond.
    /// </summary>
    public Func<bool> HasTime { get; set; } = static () => false;

    /// <summary>Whether it waits for room instead of shedding: nothing more comes, and what is there is to be delivered.</summary>
    public bool Waits { get; set; }

    /// <summary>Whether partitions are so far behind that batches are better handed on full than soon.</summary>
    public bool IsPressed => _setup.Overload.IsPressed;

    /// <summary>Says where batches go.</summary>
    public void Open(ITargetBlock<PacketBatch> enqueue) => _enqueue = enqueue;

    /// <summary>Hands out no more batches: the run has failed.</summary>
    public void Close() => _batches.Close();

    /// <summary>An empty batch whose packets will lie in a block, which is lent to it; null where there is none to be had.</summary>
    public PacketBatch? TryTake(PacketBlock block)
    {
        PacketBatch? batch;
        while ((batch = Rent(_batches)) is null)
        {
            if (!HasTime())
                return null;
            Thread.Sleep(1);
        }
        block.Lend(1);
        batch.Block = block;
        batch.Source = _setup.Source;
        batch.ReaderId = _setup.ReaderId;
        return batch;
    }

    /// <summary>Adds a packet to a batch.</summary>
    /// <returns>Whether the batch is full.</returns>
    public bool Add(PacketBatch batch, long timestampNs, int offset, int captured, int original, ushort linkType)
    {
        batch.Records[batch.Count++] = new PacketRecord
        {
            TimestampNs = timestampNs,
            SourceOffset = _ordinal++,
            DataOffset = offset,
            CapturedLength = captured,
            OriginalLength = original,
            LinkType = linkType,
            ReaderId = _setup.ReaderId,
        };
        _counts.AddBytes(captured);
        return batch.Count == batch.Records.Length;
    }

    /// <summary>A packet for which there was no batch.</summary>
    public void ShedOne()
    {
        _ordinal++;
        _counts.AddPackets(1);
        _counts.AddShed(1);
    }

    /// <summary>Hands a batch on if somebody takes it.</summary>
    public bool TryHandOn(PacketBatch batch)
    {
        int packets = batch.Count;
        batch.LostByReader = new LostPackets(_counts.KernelDropped, _counts.Shed);
        bool taken;
        if (Waits)
        {
            taken = _enqueue.SendAsync(batch).GetAwaiter().GetResult();
        }
        else
        {
#pragma warning disable RS0030 // whoever waits here loses packets that nobody counts
            taken = _enqueue.Post(batch);
#pragma warning restore RS0030
        }
        if (taken)
            _counts.AddPackets(packets);
        return taken;
    }

    /// <summary>Hands a batch on, or sheds it when there is no more time.</summary>
    public void HandOn(PacketBatch batch)
    {
        while (!TryHandOn(batch))
        {
            if (!HasTime())
            {
                Shed(batch);
                return;
            }
            Thread.Sleep(1);
        }
    }

    /// <summary>One of a pool, at once; null where there is none. When nothing more comes it is waited for.</summary>
    public T? Rent<T>(CreditPool<T> pool)
        where T : class => Waits ? pool.RentAsync().AsTask().GetAwaiter().GetResult() : pool.TryRent();

    /// <summary>Gives a batch up, with its packets.</summary>
    public void Shed(PacketBatch batch)
    {
        _counts.AddPackets(batch.Count);
        _counts.AddShed(batch.Count);
        batch.Recycle();
    }

    /// <summary>Says that nothing earlier comes from this lane. Where nobody has room for it, the next one will do.</summary>
    public void Tick(long ns)
    {
        if (Rent(_batches) is not { } tick)
            return;
        tick.ReaderId = _setup.ReaderId;
        tick.TickNs = ns;
        if (!TryHandOn(tick))
            tick.Recycle();
    }
}
