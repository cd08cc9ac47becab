using FlowPipe.Core.Emitting;
using FlowPipe.Core.Messages;

namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>Keeps a copy of every record.</summary>
internal sealed class CollectingSink(bool avro, bool json) : ISpiSink
{
    public List<byte[]> Avro { get; } = [];

    public List<byte[]> Json { get; } = [];

    public string Name => "collecting:";

    public bool WantsAvro => avro;

    public bool WantsJson => json;

    public SinkCounts Counts { get; } = new();

    public ValueTask OpenAsync(CancellationToken stop) => ValueTask.CompletedTask;

    public ValueTask WriteAsync(SpiBatch batch)
    {
        Counts.Accept(batch.Count);
        foreach (SpiRecord record in batch.Records)
        {
            if (avro)
                Avro.Add(batch.AvroOf(record).ToArray());
            if (json)
                Json.Add(batch.JsonOf(record).ToArray());
        }
        Counts.Deliver(batch.Count, batch.AvroLength);
        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync(CancellationToken deadline) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
