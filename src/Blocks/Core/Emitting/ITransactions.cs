namespace FlowPipe.Core.Emitting;

/// <summary>One transaction after the other, and how far they have come. Called by one at a time.</summary>
internal interface ITransactions : IDisposable
{
    /// <summary>Why the last transaction would be refused however often it came; null where it may be tried again.</summary>
    string? RefusedForGood { get; }

    /// <summary>Shuts out earlier runs of the same name, aborts what they have left open, and finds out how far they came.</summary>
    Task<Checkpoint?> OpenAsync(string transactionalId, CancellationToken stop);

    /// <summary>Begins a transaction.</summary>
    void Begin();

    /// <summary>Adds a message to it; waits while there is no room.</summary>
    ValueTask ProduceAsync(OutgoingMessage message);

    /// <summary>Commits it with the checkpoint in it.</summary>
    /// <returns>False when it had to be aborted.</returns>
    Task<bool> TryCommitAsync(byte[] checkpoint);

    /// <summary>Aborts it, if that can be done in this time.</summary>
    Task AbortAsync(TimeSpan patience);
}
