using System.Diagnostics;
using Confluent.Kafka;
using FlowPipe.Core.Emitting.DeadLetters;
using FlowPipe.Core.Emitting.Spooling;

namespace FlowPipe.Core.Emitting;

/// <summary>The end of the run.</summary>
internal sealed partial class RecordDelivery
{
    private void Flush(TimeSpan patience, CancellationToken deadline)
    {
        long before = Progress;
        var idle = Stopwatch.StartNew();
        while (!IsDone && !deadline.IsCancellationRequested && (_spool is null || idle.Elapsed < patience))
        {
            // Slices, so that the deadline is heard.
            if (_producer.InFlight > 0)
                _producer.Flush(TimeSpan.FromMilliseconds(100));
            else if (_lone.IsValueCreated && _lone.Value.InFlight > 0)
                _lone.Value.Flush(TimeSpan.FromMilliseconds(100));
            else
                Thread.Sleep(5);
            if (Progress == before)
                continue;
            before = Progress;
            idle.Restart();
        }
        if (_spool is null)
            return;
        if (!IsDone)
            LeaveToSpool(_spool);
        _spool.Keep();
    }

    private long Progress => _counts.Delivered + _counts.DeadLettered + _counts.EarlierDelivered + _counts.EarlierDeadLettered;

    /// <summary>The end: what no fate is known of goes to the spool, in the order in which it was made.</summary>
    private void LeaveToSpool(SpoolLog spool)
    {
        _isReady = false; // whoever writes still, writes to the spool
        StopThread();
        List<OutgoingMessage> left = _maker.Pool.TakeBack();
        lock (_lock)
        {
            foreach ((OutgoingMessage message, _, _) in _returned)
                left.Add(message);
            _returned.Clear();
        }
        left.AddRange(_again);
        _again.Clear();
        left.Sort(static (a, b) => a.Order.CompareTo(b.Order));
        foreach (OutgoingMessage message in left)
        {
            // What was read out of the spool is still in it.
            if ((message.About ?? message).Sequence == OutgoingMessage.NotSpooled && TrySpool(spool, message) == SpoolOutcome.Full)
                Settle(message, Fate.Failed, SpoolFull);
        }
        HandleTooLarge();
    }

    /// <summary>What did not fit into the spool at the end.</summary>
    private void HandleTooLarge()
    {
        lock (_lock)
        {
            while (_returned.TryDequeue(out (OutgoingMessage Message, Error? Error, string? Reason) next))
                LastResort(next.Message.About ?? next.Message, next.Reason ?? DeadLetterReason.Undelivered);
        }
    }

    private void StopThread()
    {
        _isClosing = true;
        if (!_thread.IsAlive)
            return;
        Wake();
        _thread.Join();
    }
}
