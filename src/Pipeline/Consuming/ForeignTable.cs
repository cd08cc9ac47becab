using System.Text.Json;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>
/// Records of others as a table: the first few plain values of the first record are its columns. A record of another name begins another table.
/// </summary>
internal sealed class ForeignTable(CommandContext context)
{
    private const int ColumnsMax = 10;

    private TextTable? _table;
    private string? _name;
    private string[][] _columns = [];

    public void Add(in StoredRecord record)
    {
        using JsonDocument document = JsonDocument.Parse(record.Json);
        if (record.ForeignName != _name)
        {
            Show();
            _name = record.ForeignName;
            var columns = new List<string[]>();
            Find(document.RootElement, [], columns);
            _columns = [.. columns];
            _table = new TextTable([.. _columns.Select(static path => new TextColumn(string.Join('.', path)))]);
        }
        _table!.Add([.. _columns.Select(path => Cell(document.RootElement, path))]);
    }

    public void Show() => _table?.Write(context);

    private static void Find(JsonElement element, string[] path, List<string[]> columns)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in element.EnumerateObject())
                Find(member.Value, [.. path, member.Name], columns);
        }
        else if (element.ValueKind != JsonValueKind.Array && columns.Count < ColumnsMax)
        {
            columns.Add(path);
        }
    }

    private static string Cell(JsonElement element, string[] path)
    {
        foreach (string name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out JsonElement member))
                return "";
            element = member;
        }
        // What a terminal would take for commands is left out.
        return string.Concat(element.ToString().Select(static c => char.IsControl(c) ? '?' : c));
    }
}
