using Confluent.Kafka;
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
    private readonly List<Message<byte[], byte[]>> _kept = [];
    private long _keptBytes;
    private long _committed;
    private bool _isSkipping;
    private bool _isOver;

    /// <param name="form">The sink that would take the records without transactions: names topic and brokers, makes the messages.</param>
    /// <param name="transactions">Sends them.</param>
    /// <param name="run">Who commits.</param>
    /// <param name="bytesMax">Bytes of records after which a commit point is wanted.</param>
    /// <param name="warn">Where warnings go.</param>
    internal TransactionalKafkaSink(KafkaSink form, ITransactions transactions, RunIdentity run, long bytesMax, Action<string> warn)
    {
        _form = form;
        _transactions = transactions;
        _bytesMax = bytesMax;
        _warn = warn;
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
        foreach (SpiRecord record in batch.Records.ToArray())
        {
            Message<byte[], byte[]> message = _form.MessageOf(batch, record);
            _kept.Add(message);
            _keptBytes += message.Value.Length;
            await _transactions.ProduceAsync(message);
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
        var checkpoint = Checkpoint.Of(Run, point, forced, _committed + _kept.Count);
        byte[] value = checkpoint.ToJson();
        for (int tries = 1; !await _transactions.TryCommitAsync(value); tries++)
        {
            if (_transactions.RefusedForGood is { } refused && tries == TriesMax)
            {
                throw new FlowPipeException(
                    $"{Name}: a transaction of {_kept.Count} records can't be committed: {refused}; nothing of it is visible to who reads committed records"
                );
            }
            _transactions.Begin();
            foreach (Message<byte[], byte[]> message in _kept)
            {
                await _transactions.ProduceAsync(message);
            }
        }
        Counts.Deliver(_kept.Count, _keptBytes);
        _committed += _kept.Count;
        _kept.Clear();
        _keptBytes = 0;
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
        Counts.Postpone(_kept.Count);
        _kept.Clear();
        await _transactions.AbortAsync(Patience);
        _warn($"{Name}: stopped before the end: {_committed} records are committed; the same command goes on from there");
    }

    public async ValueTask DisposeAsync()
    {
        _transactions.Dispose();
        await _form.DisposeAsync();
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
