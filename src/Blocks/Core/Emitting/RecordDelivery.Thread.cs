using System.Diagnostics;
using Confluent.Kafka;
using FlowPipe.Core.Emitting.DeadLetters;

namespace FlowPipe.Core.Emitting;

/// <summary>Its thread: what has come back, what is to be sent again, what lies in the spool.</summary>
internal sealed partial class RecordDelivery
{
    /// <summary>The thread: what has come back, what is to be sent again, what lies in the spool.</summary>
    private void Run()
    {
        var sinceKept = Stopwatch.StartNew();
        var stall = new StallWatch(_errors, static () => Environment.TickCount64);
        while (!_isClosing)
        {
            stall.Look(_producer.InFlight, Progress);
            bool moved = HandleReturned();
            moved |= SendAgain();
            moved |= Drain();
            _hasAgain = _again.Count > 0;
            TellEmpty();
            if (_spool is not null && sinceKept.Elapsed >= KeepEvery)
            {
                _spool.Keep();
                sinceKept.Restart();
            }
            if (!moved)
                _wake.Wait(_hasAgain || _spool is { HasUnread: true } ? Tick : Idle);
        }
    }

    private void TellEmpty()
    {
        if (!_hasSpooled || _isTroubled || !_spool!.IsEmpty)
            return;
        _hasSpooled = false;
        _errors.Tell("spool-empty", "the spool is empty again: what was in it has been delivered");
    }

    private bool HandleReturned()
    {
        bool any = false;
        while (true)
        {
            (OutgoingMessage Message, Error? Error, string? Reason) next;
            lock (_lock)
            {
                if (!_returned.TryDequeue(out next))
                    return any;
            }
            any = true;
            Decide(next.Message, next.Error, next.Reason);
        }
    }

    private bool SendAgain()
    {
        bool any = false;
        while (_again.TryPeek(out OutgoingMessage? message))
        {
            RecordProducer producer = message.IsAlone && _lone.Value.Fatal is null ? _lone.Value : _producer;
            if (producer.Fatal is not null && _spool is not null)
                return any; // the spool has them, or gets them at the end
            Handed handed = producer.TryProduce(message, out Error? refused);
            if (handed == Handed.Full)
                return any;
            _again.Dequeue();
            any = true;
            if (handed == Handed.Refused)
                Decide(message, refused, null);
        }
        return any;
    }

    private bool Drain()
    {
        if (_spool is null || !_isReady || _producer.Fatal is not null)
            return false;
        bool any = false;
        while (_again.Count == 0 && Interlocked.Read(ref _drainBytes) < DrainBytesMax)
        {
            OutgoingMessage message = _maker.Pool.Rent();
            if (!_spool.TryRead(message, _isTroubled ? ProbeMax : DrainMax))
            {
                _maker.Pool.Return(message);
                break;
            }
            any = true;
            Interlocked.Add(ref _drainBytes, message.Kafka.Value?.Length ?? 0);
            if (_maker.TryFrame(message))
            {
                _again.Enqueue(message);
                SendAgain();
            }
            else
            {
                message.Fault =
                    "the registry's number of its schema is not known: another build of flowpipe spooled it; drain it with that one";
                Bury(message, DeadLetterReason.OtherSchema);
            }
        }
        return any;
    }
}
