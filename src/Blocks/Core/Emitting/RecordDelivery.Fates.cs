using Confluent.Kafka;
using FlowPipe.Core.Emitting.DeadLetters;
using FlowPipe.Core.Emitting.Spooling;

namespace FlowPipe.Core.Emitting;

/// <summary>What becomes of a message: decided when it was not delivered, counted once.</summary>
internal sealed partial class RecordDelivery
{
    /// <summary>Decides what becomes of a message that was not delivered.</summary>
    private void Decide(OutgoingMessage message, Error? error, string? known)
    {
        string? reason = known ?? DeadLetterReason.Of(error!);
        if (error is not null)
            message.Fault = _errors.Explain(error);
        if (message.DeadReason is not null)
        {
            HandleDeadLetter(message, reason);
        }
        else if (reason is null)
        {
            if (_spool is null)
            {
                _errors.NotDelivered(error!);
                LastResort(message, DeadLetterReason.Undelivered);
            }
            else
            {
                _isTroubled = true;
                KeepForLater(_spool, message);
            }
        }
        else if (known is null && DeadLetterReason.MayBeAnothers(reason) && !message.IsAlone)
        {
            // All of a batch get the error that one record has earned: each shows for itself.
            message.IsAlone = true;
            _again.Enqueue(message);
        }
        else
        {
            Bury(message, reason);
        }
    }

    private void KeepForLater(SpoolLog spool, OutgoingMessage message)
    {
        // What is in the spool is there still; what finds no room there waits here, where it has been all the time.
        if (message.Sequence != OutgoingMessage.NotSpooled || TrySpool(spool, message) == SpoolOutcome.Full)
            _again.Enqueue(message);
    }

    /// <summary>Makes a dead letter of it.</summary>
    private void Bury(OutgoingMessage message, string reason)
    {
        _errors.Tell(reason, $"record not delivered to {message.Topic} ({reason}): {message.Fault}");
        if (_desk.Topic.Length == 0 || message.Topic == _desk.Topic)
        {
            LastResort(message, reason);
            return;
        }
        OutgoingMessage letter = _maker.Pool.Rent();
        letter.Topic = _desk.Topic;
        letter.Kafka = _desk.ToMessage(message, reason);
        letter.Records = message.Records;
        letter.Id = message.Id;
        letter.FirstPacketNs = message.FirstPacketNs;
        letter.LastPacketNs = message.LastPacketNs;
        letter.Order = message.Order;
        letter.DeadReason = reason;
        letter.About = message;
        _again.Enqueue(letter);
    }

    /// <summary>A dead letter was not delivered either.</summary>
    private void HandleDeadLetter(OutgoingMessage letter, string? reason)
    {
        OutgoingMessage about = letter.About ?? letter;
        if (reason is null && _spool is not null)
        {
            _isTroubled = true;
            if (about.Sequence != OutgoingMessage.NotSpooled || TrySpool(_spool, letter) == SpoolOutcome.Full)
                _again.Enqueue(letter);
        }
        else if (reason == DeadLetterReason.TooLarge && !letter.IsAlone && letter.About is not null)
        {
            letter.IsAlone = true;
            letter.Kafka = _desk.ToMessage(about, letter.DeadReason!, isSmall: true);
            _again.Enqueue(letter);
        }
        else
        {
            _errors.Tell("dlq", $"the dead letter topic {letter.Topic} does not take them: {letter.Fault}");
            string died = letter.DeadReason!;
            if (letter.About is not null)
            {
                letter.About = null;
                _maker.Pool.Return(letter);
            }
            LastResort(about, died);
        }
    }

    private void LastResort(OutgoingMessage message, string reason) =>
        Settle(message, _desk.TryWriteToFile(message, reason) ? Fate.DeadLettered : Fate.Failed, reason);

    private void OnLost(long records, bool isOfEarlierRun, SpoolLoss loss)
    {
        if (isOfEarlierRun)
        {
            _counts.LoseEarlier(records);
            return;
        }
        _counts.Spool(-records);
        if (loss == SpoolLoss.Evicted)
            _counts.Evict(records);
        else
            _counts.Fail(records, "spool-damaged");
    }

    private enum Fate
    {
        Delivered,
        DeadLettered,
        Evicted,
        Failed,
    }

    /// <summary>Counts a message's fate, once, and has it forgotten.</summary>
    private void Settle(OutgoingMessage message, Fate fate, string reason = "")
    {
        OutgoingMessage about = message.About ?? message;
        int records = about.Records;
        bool isSpooled = about.Sequence != OutgoingMessage.NotSpooled;
        if (isSpooled && about.IsOfEarlierRun)
        {
            if (fate == Fate.Delivered)
                _counts.DeliverEarlier(records);
            else if (fate == Fate.DeadLettered)
                _counts.DeadLetterEarlier(records);
            else
                _counts.LoseEarlier(records);
        }
        else
        {
            if (isSpooled)
                _counts.Spool(-records);
            switch (fate)
            {
                case Fate.Delivered:
                    _counts.Deliver(records, about.Kafka.Value?.Length ?? 0);
                    break;
                case Fate.DeadLettered:
                    _counts.DeadLetter(records, reason);
                    break;
                case Fate.Evicted:
                    _counts.Evict(records);
                    break;
                default:
                    _counts.Fail(records, reason);
                    break;
            }
        }
        if (isSpooled)
        {
            Interlocked.Add(ref _drainBytes, -(about.Kafka.Value?.Length ?? 0));
            _spool!.Acknowledge(about.Sequence);
            Wake();
        }
        Recycle(message);
    }

    private void Recycle(OutgoingMessage message)
    {
        OutgoingMessage? about = message.About;
        _maker.Pool.Return(message);
        if (about is not null)
            _maker.Pool.Return(about);
    }
}
