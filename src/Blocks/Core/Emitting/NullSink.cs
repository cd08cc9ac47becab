using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting;

/// <summary>Discards. It wants a form of the records all the same, so that a speed measured with it is that of making records.</summary>
/// <param name="json">Whether it wants their JSON form; else it is the Avro form.</param>
public sealed class NullSink(bool json = false) : ISpiSink
{
    public string Name => "null:";

    public bool WantsAvro => !json;

    public bool WantsJson => json;

    public SinkCounts Counts { get; } = new();

    public ValueTask OpenAsync(CancellationToken stop) => ValueTask.CompletedTask;

    public ValueTask WriteAsync(SpiBatch batch)
    {
        long bytes = 0;
        foreach (SpiRecord record in batch.Records)
        {
            bytes += (json ? batch.JsonOf(record) : batch.AvroOf(record)).Length;
        }

        Counts.Accept(batch.Count);
        Counts.Deliver(batch.Count, bytes);
        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync(CancellationToken deadline) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
