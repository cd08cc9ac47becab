using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting;

/// <summary>Where records go. Called by the emit block alone, one batch at a time.</summary>
public interface ISpiSink : IAsyncDisposable
{
    /// <summary>As the user named it, without secrets.</summary>
    string Name { get; }

    /// <summary>Whether it needs the records' Avro form.</summary>
    bool WantsAvro { get; }

    /// <summary>Whether it needs the records' JSON form.</summary>
    bool WantsJson { get; }

    /// <summary>What became of the records given to it; may be read from any thread.</summary>
    SinkCounts Counts { get; }

    /// <summary>Opens it, before the first packet is read.</summary>
    /// <exception cref="FlowPipeException">It can't be had: the message says what to do.</exception>
    ValueTask OpenAsync(CancellationToken stop);

    /// <summary>Takes the records of a batch, waiting while there is no room. The batch is recycled when it returns.</summary>
    ValueTask WriteAsync(SpiBatch batch);

    /// <summary>Waits, in the middle of a run, until every record so far has met its fate.</summary>
    /// <param name="isOver">Asked now and then: whether that takes too long.</param>
    /// <returns>Whether they have.</returns>
    async ValueTask<bool> SettleAsync(Func<bool> isOver)
    {
        ArgumentNullException.ThrowIfNull(isOver);
        while (Counts.Open > 0 && !isOver())
            await Task.Delay(5).ConfigureAwait(false);
        return Counts.Open <= 0;
    }

    /// <summary>Waits until every record has met its fate, or the deadline has come.</summary>
    ValueTask FlushAsync(CancellationToken deadline);
}
