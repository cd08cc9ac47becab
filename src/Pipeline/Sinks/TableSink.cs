using FlowPipe.Abstractions;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Messages;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Sinks;

/// <summary><c>table:</c> — the sessions as a table on stdout, batch by batch as their records come.</summary>
internal sealed class TableSink(CommandContext context) : ISpiSink
{
    private static readonly string[] Reasons = [.. Enum.GetNames<EndReason>().Select(static name => name.ToLowerInvariant())];

    private readonly SessionTable _table = new(context);

    public string Name => "table:";

    public bool WantsAvro => false;

    // It has all columns but one, the envelope has that; and to read it nothing has to be loaded that would cost a short run its start.
    public bool WantsJson => true;

    public SinkCounts Counts { get; } = new();

    public ValueTask OpenAsync(CancellationToken stop) => ValueTask.CompletedTask;

    public ValueTask WriteAsync(SpiBatch batch)
    {
        Counts.Accept(batch.Count);
        foreach (SpiRecord record in batch.Records)
            _table.Add(SessionRow.FromSessions3(batch.Json.AsMemory(record.JsonRange)) with { EndReason = Reasons[(int)record.Reason] });
        _table.Show();
        Counts.Deliver(batch.Count, batch.JsonLength);
        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync(CancellationToken deadline)
    {
        context.Flush();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
