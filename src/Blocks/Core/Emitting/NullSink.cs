using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting;

/// <summary>Discards. It wants the Avro form all the same, so that a speed measured with it is that of making records.</summary>
public sealed class NullSink : ISpiSink
{
    public string Name => "null:";

    public bool WantsAvro => true;

    public bool WantsJson => false;

    public SinkCounts Counts { get; } = new();

    public ValueTask OpenAsync(CancellationToken stop) => ValueTask.CompletedTask;

    public ValueTask WriteAsync(SpiBatch batch)
    {
        long bytes = 0;
        foreach (SpiRecord record in batch.Records)
        {
            bytes += batch.AvroOf(record).Length;
        }

        Counts.Accept(batch.Count);
        Counts.Deliver(batch.Count, bytes);
        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync(CancellationToken deadline) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
