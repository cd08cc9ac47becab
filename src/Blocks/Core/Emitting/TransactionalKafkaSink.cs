using FlowPipe.Core.Emitting.DeadLetters;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// Produces records in transactions: those between two commit points, and in the same one the checkpoint that says so. What was written is kept until it
/// is committed, so that an aborted transaction is sent again.
/// </summary>
public sealed class TransactionalKafkaSink : ICommittingSink
{
    /// <summary>Times that a transaction is sent whose messages the brokers refuse for good.</summary>
    private const int TriesMax = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly KafkaSink _form;
    private readonly ITransactions _transactions;
    private readonly long _bytesMax;
    private readonly Action<string> _warn;
    private readonly DeadLetterDesk _desk;
    private readonly int _sizeMax;
    private readonly List<OutgoingMessage> _kept = [];
    private readonly List<OutgoingMessage> _made = [];
    private readonly Dictionary<string, long> _keptLetters = new(StringComparer.Ordinal);
    private long _keptRecords; // a message may hold several
    private long _keptBytes;
    private long _committed;
    private bool _isSkipping;
    private bool _isOver;

    /// <param name="form">The sink that would take the records without transactions: names topic and brokers, makes the messages.</param>
    /// <param name="transactions">Sends them.</param>
    /// <param name="desk">Makes dead letters.</param>
    /// <param name="run">Who commits.</param>
    /// <param name="bytesMax">Bytes of records after which a commit point is wanted.</param>
    /// <param name="settings">Where warnings go, and librdkafka's settings.</param>
    internal TransactionalKafkaSink(
        KafkaSink form,
        ITransactions transactions,
        DeadLetterDesk desk,
        RunIdentity run,
        long bytesMax,
        SinkSettings settings
    )
    {
        _form = form;
        _transactions = transactions;
        _bytesMax = bytesMax;
        _warn = settings.Warn;
        _desk = desk;
        _sizeMax = KafkaMessageSize.MaxOf(settings.Kafka);
        Run = run;
    }

    public string Name => _form.Name;

    public bool WantsAvro => _form.WantsAvro;

    public bool WantsJson => _form.WantsJson;

    public SinkCounts Counts { get; } = new();

    public Checkpoint? Checkpoint { get; private set; }

    public RunIdentity Run { get; private set; }

    public Action? OnFull { get; set; }

    public async ValueTask OpenAsync(CancellationToken stop)
    {
        await _form.OpenEncodingAsync(stop);
        Checkpoint = await _transactions.OpenAsync(Run.TransactionalId, stop);
        if (Checkpoint is not { } checkpoint)
        {
            _transactions.Begin();
            return;
        }
        if (checkpoint.Refusal(Run) is { } reason)
        {
            throw new FlowPipeException(
                $"{Name}: an earlier run with --exactly-once has committed {checkpoint.Records} records, and this one can't go on from there: {reason}. "
                    + "Run it as it was, or give this one a name of its own with exactlyOnce.id"
            );
        }
        Run = Run with { HashSeed = checkpoint.Run.HashSeed };
        _committed = checkpoint.Records;
        _isSkipping = true;
        _warn(
            checkpoint.Last
                ? $"{Name}: all {checkpoint.Records} records were committed by an earlier run; the captures are read to make sure of it"
                : $"{Name}: goes on from packet {checkpoint.Ordinal}: {checkpoint.Records} records were committed by an earlier run"
        );
    }

    public async ValueTask WriteAsync(SpiBatch batch)
    {
        Counts.Accept(batch.Count);
        if (_isSkipping)
        {
            Counts.CommitBefore(batch.Count);
            return;
        }
        int records;
        for (int i = 0; i < batch.Count; i += records)
        {
            _made.Clear();
            records = _form.Maker.Make(batch, i, _made);
            Counts.Copy((_made.Count - 1) * (long)records);
            foreach (OutgoingMessage message in _made)
                await KeepAsync(message);
        }
        if (_keptBytes > _bytesMax)
        {
            OnFull?.Invoke();
        }
    }

    public async ValueTask CommitAsync(CommitPoint point, bool forced)
    {
        if (_isSkipping)
        {
            Meet(Checkpoint!, point);
            return;
        }
        var checkpoint = Checkpoint.Of(Run, point, forced, _committed + _keptRecords);
        byte[] value = checkpoint.ToJson();
        for (int tries = 1; !await _transactions.TryCommitAsync(value); tries++)
        {
            if (_transactions.RefusedForGood is { } refused && tries == TriesMax)
            {
                throw new FlowPipeException(
                    $"{Name}: a transaction of {_keptRecords} records can't be committed: {refused}; nothing of it is visible to who reads committed records"
                );
            }
            _transactions.Begin();
            foreach (OutgoingMessage message in _kept)
            {
                await _transactions.ProduceAsync(message);
            }
        }
        long letters = 0;
        foreach ((string reason, long records) in _keptLetters)
        {
            Counts.DeadLetter(records, reason);
            letters += records;
        }
        Counts.Deliver(_keptRecords - letters, _keptBytes);
        _committed += _keptRecords;
        Forget();
        _isOver = point.Last;
        if (!_isOver)
        {
            _transactions.Begin();
        }
    }

    /// <summary>Nothing is flushed but by a commit: what came behind the last one is made again by the next run.</summary>
    public async ValueTask FlushAsync(CancellationToken deadline)
    {
        if (_isOver || _isSkipping)
        {
            return;
        }
        Counts.Postpone(_keptRecords);
        Forget();
        await _transactions.AbortAsync(deadline.IsCancellationRequested ? TimeSpan.FromSeconds(1) : Patience);
        _warn($"{Name}: stopped before the end: {_committed} records are committed; the same command goes on from there");
    }

    public async ValueTask DisposeAsync()
    {
        _transactions.Dispose();
        _desk.Dispose();
        await _form.DisposeAsync();
    }

    /// <summary>
    /// Adds a message to the transaction, or its dead letter: what is too large is found out before, since a message that was refused would take the
    /// whole transaction with it.
    /// </summary>
    private async ValueTask KeepAsync(OutgoingMessage message)
    {
        _keptRecords += message.Records;
        bool isTooLarge = KafkaMessageSize.Of(message.Kafka) > _sizeMax;
        if ((isTooLarge || message.Fault is not null) && _desk.Topic.Length > 0)
        {
            string reason = isTooLarge ? DeadLetterReason.TooLarge : DeadLetterReason.Unserialisable;
            message.Fault ??=
                $"the message has {KafkaMessageSize.Of(message.Kafka)} bytes; raise kafka.message.max.bytes here and max.message.bytes of the topic";
            if (_keptLetters.TryAdd(reason, 0))
                _warn($"{Name}: record not delivered to {message.Topic} ({reason}): {message.Fault}");
            _keptLetters[reason] += message.Records;
            message.Kafka = _desk.ToMessage(message, reason);
            message.Topic = _desk.Topic;
        }
        else if (message.Fault is not null)
        {
            throw new FlowPipeException(
                $"{Name}: record {message.Id} can't be put into its format ({message.Fault}), and there is no topic for dead letters that could have it: set deadLetters.topic"
            );
        }
        else
        {
            _keptBytes += message.Kafka.Value.Length;
        }
        _kept.Add(message);
        await _transactions.ProduceAsync(message);
    }

    private void Forget()
    {
        foreach (OutgoingMessage message in _kept)
            _form.Maker.Pool.Return(message);
        _kept.Clear();
        _keptLetters.Clear();
        _keptRecords = 0;
        _keptBytes = 0;
    }

    /// <summary>A commit point of a run that makes again what is committed.</summary>
    private void Meet(Checkpoint checkpoint, CommitPoint point)
    {
        if (point.Ordinal < checkpoint.Ordinal && !point.Last)
        {
            return;
        }
        if (!checkpoint.IsOf(point))
        {
            throw new FlowPipeException(
                $"{Name}: the first {checkpoint.Ordinal} packets are not those whose records were committed by an earlier run "
                    + $"({point.Ordinal} were read): the captures were changed, restore them. Nothing was produced"
            );
        }
        _isSkipping = false;
        _isOver = point.Last;
        if (!_isOver)
        {
            _transactions.Begin();
        }
    }
}
