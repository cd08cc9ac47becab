using System.Text.Json;
using FlowPipe.Pipeline.Consuming.Filtering;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>Takes records from a source and gives them to a printer, until there are no more or enough.</summary>
internal sealed class Consumer(CommandContext context, RecordPrinter printer, RecordFilter? where = null)
{
    /// <summary>Records printed.</summary>
    public long Printed { get; private set; }

    /// <summary>Records that could not be read; each was reported.</summary>
    public long Unreadable { get; private set; }

    public Task RunAsync(RecordSource source, long limit, CancellationToken stop) =>
        Task.Run(() => Run(source, limit, stop), CancellationToken.None);

    private void Run(RecordSource source, long limit, CancellationToken stop)
    {
        foreach (IReadOnlyList<StoredRecord> batch in source.Read(stop))
        {
            foreach (StoredRecord record in batch)
            {
                if (Printed == limit)
                    break;
                Take(record);
                source.Took(record);
            }
            printer.Show();
            source.Shown();
            if (Printed == limit)
                break;
        }
        printer.End();
    }

    private void Take(StoredRecord record)
    {
        string? fault = record.Fault;
        if (fault is null)
        {
            try
            {
                if (where?.Holds(record) == false)
                    return;
                printer.Add(record);
                Printed++;
                return;
            }
            catch (JsonException e)
            {
                fault = $"it is not a session's document: {e.Message}";
            }
        }
        Unreadable++;
        context.Status.Message($"{record.Where}: the record can't be read: {fault}");
    }
}
