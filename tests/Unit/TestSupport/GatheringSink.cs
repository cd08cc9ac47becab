using FlowPipe.Core.Emitting;
using FlowPipe.Core.Messages;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>Keeps every record that it is given; slow, faulty or stuck on demand.</summary>
internal sealed class GatheringSink : ISpiSink
{
    private readonly List<GatheredRecord> _records = [];

    /// <summary>What it does before it takes a batch, given the batch's number.</summary>
    public Func<int, SpiBatch, Task>? Before { get; init; }

    public Exception? OpenFault { get; init; }

    public IReadOnlyList<GatheredRecord> Records => _records;

    public int Batches { get; private set; }

    public string Name => "gathering:";

    public bool WantsAvro { get; init; } = true;

    public bool WantsJson => false;

    public SinkCounts Counts { get; } = new();

    public ValueTask OpenAsync(CancellationToken stop) => OpenFault is null ? ValueTask.CompletedTask : throw OpenFault;

    public async ValueTask WriteAsync(SpiBatch batch)
    {
        if (Before is not null)
            await Before(Batches, batch);
        Batches++;
        long bytes = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            SpiRecord record = batch.Records[i];
            byte[] avro = WantsAvro ? batch.AvroOf(record).ToArray() : [];
            bytes += avro.Length;
            _records.Add(new GatheredRecord(record, batch.Partition, avro));
        }
        Counts.Accept(batch.Count);
        Counts.Deliver(batch.Count, bytes);
    }

    public ValueTask FlushAsync(CancellationToken deadline) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
