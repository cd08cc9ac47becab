using System.Text;
using FlowPipe.Core.Emitting;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>What a topic has after several runs: what was committed, in order, and the last checkpoint.</summary>
internal sealed class CommittedTopic
{
    public List<(string Id, byte[] Value)> Records { get; } = [];

    /// <summary>The same with the topics that they went to.</summary>
    public List<(string Topic, string Id, byte[] Value)> Messages { get; } = [];

    public Checkpoint? Checkpoint { get; set; }

    public int Commits { get; set; }
}

/// <summary>How the attempt to commit ends.</summary>
internal enum CommitFate
{
    Committed,
    Aborted,
    KilledBefore,
    KilledAfter,
}

/// <summary>Transactions in memory, each of which ends as it is told.</summary>
internal sealed class MemoryTransactions(CommittedTopic topic, Func<int, CommitFate> fateOf) : ITransactions
{
    private readonly List<(string Topic, string Id, byte[] Value)> _open = [];
    private bool _isOpen;
    private int _attempts;

    public string? RefusedForGood { get; init; }

    public Task<Checkpoint?> OpenAsync(string transactionalId, CancellationToken stop) => Task.FromResult(topic.Checkpoint);

    public void Begin()
    {
        Assert.False(_isOpen, "a transaction is open already");
        _isOpen = true;
        _open.Clear();
    }

    public ValueTask ProduceAsync(OutgoingMessage message)
    {
        Assert.True(_isOpen, "no transaction is open");
        _open.Add((message.Topic, Encoding.UTF8.GetString(message.Kafka.Headers.GetLastBytes("id")), message.Kafka.Value));
        return ValueTask.CompletedTask;
    }

    public Task<bool> TryCommitAsync(byte[] checkpoint)
    {
        Assert.True(_isOpen, "no transaction is open");
        _isOpen = false;
        CommitFate fate = fateOf(++_attempts);
        if (fate == CommitFate.KilledBefore)
            throw new InvalidOperationException("killed");
        if (fate == CommitFate.Aborted)
            return Task.FromResult(false);
        topic.Messages.AddRange(_open);
        topic.Records.AddRange(_open.Select(static message => (message.Id, message.Value)));
        topic.Checkpoint = Checkpoint.FromJson(checkpoint);
        topic.Commits++;
        return fate == CommitFate.KilledAfter ? throw new InvalidOperationException("killed") : Task.FromResult(true);
    }

    public Task AbortAsync(TimeSpan patience)
    {
        _isOpen = false;
        return Task.CompletedTask;
    }

    public void Dispose() { }
}
