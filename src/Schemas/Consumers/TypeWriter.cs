using System.Text;

namespace FlowPipe.Schemas;

/// <summary>
/// Writes columns as SQL has them, several a line where they fit. The dialects differ in their words alone.
/// </summary>
internal sealed record TypeWriter
{
    private const int Width = 130;
    private const string Step = "  ";

    /// <summary>A single value's type.</summary>
    public required Func<Column, string> Scalar { get; init; }

    /// <summary>What stands before and after the type of a list's items.</summary>
    public required (string Open, string Close) List { get; init; }

    /// <summary>What stands before and after the columns of a record.</summary>
    public required (string Open, string Close) Record { get; init; }

    /// <summary>What stands between name and type in a record.</summary>
    public string Separator { get; init; } = " ";

    /// <summary>The columns of a table, each beginning on a line of its own, without a line end at the end.</summary>
    public string Table(IReadOnlyList<Column> columns, string indent = Step)
    {
        var text = new StringBuilder();
        foreach (Column column in columns)
        {
            if (text.Length > 0)
                text.Append(",\n");
            text.Append($"{indent}`{column.Name}` {Type(column, indent)}");
        }
        return text.ToString();
    }

    /// <summary>A column's type.</summary>
    public string Type(Column column, string indent)
    {
        string type = column.Type == ColumnType.Record ? Fields(column.Columns, indent) : Scalar(column);
        return column.IsList ? List.Open + type + List.Close : type;
    }

    private string Fields(IReadOnlyList<Column> columns, string indent)
    {
        string inner = indent + Step;
        List<string> items = [];
        foreach (Column column in columns)
            items.Add($"`{column.Name}`{Separator}{Type(column, inner)}");
        string line = string.Join(", ", items);
        if (indent.Length + line.Length < Width - 40 && !line.Contains('\n', StringComparison.Ordinal))
            return Record.Open + line + Record.Close;
        return $"{Record.Open}\n{Fill(items, inner)}\n{indent}{Record.Close}";
    }

    private static string Fill(List<string> items, string indent)
    {
        var text = new StringBuilder(indent);
        int used = indent.Length;
        bool begins = true;
        for (int i = 0; i < items.Count; i++)
        {
            string item = items[i] + (i + 1 < items.Count ? "," : "");
            bool isLong = item.Contains('\n', StringComparison.Ordinal);
            if (!begins && (isLong || used + 1 + item.Length > Width))
            {
                text.Append('\n').Append(indent);
                used = indent.Length;
                begins = true;
            }
            if (!begins)
                text.Append(' ');
            text.Append(item);
            used = isLong ? Width : used + 1 + item.Length;
            begins = false;
        }
        return text.ToString();
    }
}
