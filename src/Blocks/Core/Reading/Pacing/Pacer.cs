using System.Diagnostics;
using System.Threading.Tasks.Dataflow;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Reading.Pacing;

/// <summary>
/// Stands between a reader and enqueue and hands packets on when they are due, in batches of those that are due together. Told to stop, it hands
/// on at once what it has: that has been read, and is counted.
/// </summary>
internal sealed class Pacer
{
    /// <summary>Packets a batch of the reader's while it is paced: what a stop finds waiting is little.</summary>
    public const int BatchPackets = 64;

    private const int Batches = 16;
    private const int Waiting = 2; // batches of the reader's: little is read before it is due
    private static readonly TimeSpan Together = TimeSpan.FromMilliseconds(1);

    private readonly ITargetBlock<PacketBatch> _enqueue;
    private readonly PaceSchedule _schedule;
    private readonly CancellationToken _stop;
    private readonly CreditPool<PacketBatch> _batches;
    private readonly Stopwatch _time = new();
    private bool _closed;

    /// <param name="speed">How fast.</param>
    /// <param name="enqueue">Where packets go.</param>
    /// <param name="stop">Nothing waits any longer.</param>
    public Pacer(ReplaySpeed speed, ITargetBlock<PacketBatch> enqueue, CancellationToken stop)
    {
        _enqueue = enqueue;
        _schedule = new PaceSchedule(speed);
        _stop = stop;
        _batches = new CreditPool<PacketBatch>(Batches, () => new PacketBatch(BatchPackets, _batches!.Return));
        // A graph that has faulted returns no batches.
        _ = enqueue.Completion.ContinueWith(
            _ => _batches.Close(),
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default
        );
        Block = new ActionBlock<PacketBatch>(PaceAsync, BlockOptions.Bounded(Waiting));
    }

    /// <summary>Where the reader sends to.</summary>
    public ActionBlock<PacketBatch> Block { get; }

    /// <summary>All has been read: waits until all has been handed on.</summary>
    public Task EndAsync()
    {
        Block.Complete();
        return Block.Completion;
    }

    private async Task PaceAsync(PacketBatch batch)
    {
        _time.Start();
        if (batch.Milestone is not null)
        {
            _closed |= !await _enqueue.SendAsync(batch).ConfigureAwait(false);
            return;
        }
        int first = 0;
        for (int i = 0; i < batch.Count && !_closed; i++)
        {
            TimeSpan due = _schedule.Next(batch.Records[i].TimestampNs, batch.Source!.Number);
            TimeSpan wait = due - _time.Elapsed;
            if (wait < Together || _stop.IsCancellationRequested)
                continue;
            await SendAsync(batch, first, i).ConfigureAwait(false);
            first = i;
            await WaitAsync(due).ConfigureAwait(false);
        }
        await SendAsync(batch, first, batch.Count).ConfigureAwait(false);
        batch.Recycle();
    }

    private async Task WaitAsync(TimeSpan due)
    {
        try
        {
            // In pieces: a timer takes no more than some weeks.
            for (TimeSpan left; (left = due - _time.Elapsed) > TimeSpan.Zero; )
                await Task.Delay(left < TimeSpan.FromHours(1) ? left : TimeSpan.FromHours(1), _stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // What is left is handed on without waiting.
        }
    }

    private async Task SendAsync(PacketBatch batch, int first, int end)
    {
        for (int next; first < end && !_closed; first = next)
        {
            next = Math.Min(end, first + BatchPackets);
            if (await _batches.RentAsync().ConfigureAwait(false) is not { } part)
            {
                _closed = true;
                return;
            }
            batch.Records.AsSpan(first, next - first).CopyTo(part.Records);
            part.Count = next - first;
            batch.Block!.Lend(1);
            part.Block = batch.Block;
            part.Source = batch.Source;
            if (await _enqueue.SendAsync(part).ConfigureAwait(false))
                continue;
            part.Recycle();
            _closed = true;
        }
    }
}
