using System.Text.Json.Nodes;

namespace FlowPipe.Schemas;

/// <summary>
/// An index template for <c>sessions3</c> documents. What a later version has more is kept but not searched (<c>dynamic: false</c>), so that
/// no document is ever refused.
/// </summary>
internal static class OpenSearch
{
    public static string Print(FieldDictionary dictionary)
    {
        var template = new JsonObject
        {
            ["index_patterns"] = new JsonArray("flowpipe-sessions-*"),
            ["priority"] = 200,
            ["template"] = new JsonObject
            {
                ["settings"] = new JsonObject { ["index.mapping.total_fields.limit"] = 2000 },
                ["mappings"] = new JsonObject { ["dynamic"] = false, ["properties"] = Properties(ColumnTree.OfSessions3(dictionary)) },
            },
        };
        return ReadableJson.Print(template);
    }

    private static JsonObject Properties(IReadOnlyList<Column> columns)
    {
        var properties = new JsonObject();
        foreach (Column column in columns)
            properties[column.Name] = Of(column);
        return properties;
    }

    private static JsonObject Of(Column column) =>
        column switch
        {
            { Name: "packetRange" } => new() { ["type"] = "date_range", ["format"] = "epoch_millis" },
            // nobody looks for a packet by its place, and there are 10,000 in a document
            { Name: "packetPos" or "packetLen" } => new()
            {
                ["type"] = "long",
                ["index"] = false,
                ["doc_values"] = false,
            },
            { Type: ColumnType.Record } => new() { ["properties"] = Properties(column.Columns) },
            _ => OfScalar(column.Type),
        };

    private static JsonObject OfScalar(ColumnType type) =>
        type switch
        {
            ColumnType.Int => new() { ["type"] = "integer" },
            ColumnType.Long => new() { ["type"] = "long" },
            ColumnType.Time => new() { ["type"] = "date", ["format"] = "epoch_millis" },
            ColumnType.Bool => new() { ["type"] = "boolean" },
            ColumnType.Double => new() { ["type"] = "double" },
            ColumnType.Address => new() { ["type"] = "ip" },
            ColumnType.Map => new() { ["type"] = "object" },
            // a text has no more bytes than the longest term of an index, see SpiLimits
            _ => new() { ["type"] = "keyword" },
        };
}
