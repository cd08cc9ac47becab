using Spectre.Console;

namespace FlowPipe.Pipeline.Terminal;

/// <param name="Title">What stands above it.</param>
/// <param name="Least">Characters that it has at least, so that rows that come later fit.</param>
/// <param name="IsNumber">Whether it is set flush right.</param>
internal sealed record TextColumn(string Title, int Least = 0, bool IsNumber = false);

/// <summary>
/// Rows under a header: a Spectre table on a terminal, else aligned text with two spaces at least between columns. Rows may be added after some have
/// been written: the header is written once, and columns only grow.
/// </summary>
internal sealed class TextTable
{
    private readonly TextColumn[] _columns;
    private readonly int[] _widths;
    private List<string[]> _rows;
    private bool _headerWritten;

    public TextTable(TextColumn[] columns, IEnumerable<string[]>? rows = null)
    {
        _columns = columns;
        _widths = new int[columns.Length];
        _rows = rows is null ? [] : [.. rows];
    }

    public void Add(string[] row) => _rows.Add(row);

    /// <summary>Writes the rows that have not been written, below those that have.</summary>
    public void Write(CommandContext context)
    {
        GrowWidths();
        if (context.OutIsTerminal)
            SpectreTable.Write(context, _columns, _widths, _rows, !_headerWritten);
        else
            WriteText(context.Out);
        context.Flush();
        _headerWritten = true;
        _rows = [];
    }

    // Nothing is cut off: what does not fit moves the columns to its right, from its row on.
    private void GrowWidths()
    {
        for (int i = 0; i < _columns.Length; i++)
        {
            _widths[i] = Math.Max(_widths[i], Math.Max(_columns[i].Title.Length, _columns[i].Least));
            foreach (string[] row in _rows)
                _widths[i] = Math.Max(_widths[i], row[i].Length);
        }
    }

    private void WriteText(TextWriter output)
    {
        if (!_headerWritten)
            WriteRow(output, [.. _columns.Select(static column => column.Title)]);
        foreach (string[] row in _rows)
            WriteRow(output, row);
    }

    private void WriteRow(TextWriter output, string[] row)
    {
        for (int i = 0; i < row.Length; i++)
        {
            bool last = i == row.Length - 1;
            string cell =
                _columns[i].IsNumber ? row[i].PadLeft(_widths[i])
                : last ? row[i]
                : row[i].PadRight(_widths[i]);
            output.Write(cell);
            output.Write(last ? "\n" : "  ");
        }
    }
}

/// <summary>Apart, so that Spectre.Console is loaded only where there is a terminal.</summary>
internal static class SpectreTable
{
    private const int Gap = 2;

    public static void Write(CommandContext context, TextColumn[] columns, int[] widths, List<string[]> rows, bool header)
    {
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(context.Out), Ansi = AnsiSupport.Yes }
        );
        // On a terminal too narrow for it the table is wider: the terminal breaks the lines, and nothing is cut off.
        console.Profile.Width = Math.Max(context.Width(), LeastWidth(widths));
        // No border: its lines would have to be the same in every piece, and the pieces come one by one.
        var table = new Table { Border = TableBorder.None, ShowHeaders = header };
        for (int i = 0; i < columns.Length; i++)
        {
            var column = new TableColumn(new Markup($"[bold underline]{Markup.Escape(columns[i].Title)}[/]"))
            {
                Padding = new Padding(0, 0, Gap, 0),
            };
            if (columns[i].IsNumber)
                column.RightAligned();
            // The last column takes what the terminal has left; the others keep their widths so that later rows stand below earlier ones.
            if (i < columns.Length - 1)
            {
                column.Width(widths[i]);
                column.NoWrap();
            }
            table.AddColumn(column);
        }
        foreach (string[] row in rows)
            table.AddRow(row.Select(static cell => new Text(cell)));
        console.Write(table);
    }

    // All columns but the last as wide as they are, and something for the last, which may wrap.
    private static int LeastWidth(int[] widths)
    {
        const int least = 12;
        return widths[..^1].Sum() + (Gap * widths.Length) + Math.Min(widths[^1], least);
    }
}
