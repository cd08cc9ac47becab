using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Sinks;

/// <summary>Sessions as lines of a table, as they come.</summary>
internal sealed class SessionTable(CommandContext context)
{
    private readonly TextTable _table = new([
        new("Start (UTC)", Least: 23),
        new("Seconds", Least: 8, IsNumber: true),
        new("Protocols", Least: 9),
        new("Source", Least: 21),
        new("Destination", Least: 21),
        new("Packets", Least: 7, IsNumber: true),
        new("Bytes", Least: 9, IsNumber: true),
        new("End", Least: 10),
    ]);

    public void Add(in SessionRow row) => _table.Add(row.Cells());

    /// <summary>Shows what was added.</summary>
    public void Show()
    {
        context.Status.Clear();
        _table.Write(context);
    }
}
