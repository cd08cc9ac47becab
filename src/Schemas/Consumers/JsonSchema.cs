using System.Text.Json.Nodes;

namespace FlowPipe.Schemas;

/// <summary>JSON Schema (draft 2020-12) of the <c>sessions3</c> document. Open: a later version has more fields.</summary>
internal static class JsonSchema
{
    public static string Print(FieldDictionary dictionary)
    {
        List<Column> columns = ColumnTree.OfSessions3(dictionary);
        JsonArray required = [];
        foreach (FieldDefinition field in dictionary.Fields)
        {
            if (field is { Required: true, Always: true, Sessions3: not null })
                required.Add(field.Sessions3);
        }
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "A session record of FlowPipe as a sessions3 document",
            ["type"] = "object",
            ["required"] = required,
            ["properties"] = Properties(columns),
        };
        return ReadableJson.Print(schema);
    }

    private static JsonObject Properties(IReadOnlyList<Column> columns)
    {
        var properties = new JsonObject();
        foreach (Column column in columns)
            properties[column.Name] = Of(column);
        return properties;
    }

    private static JsonObject Of(Column column)
    {
        JsonObject schema = column.Type == ColumnType.Record ? OfRecord(column) : OfScalar(column.Type);
        if (column.IsList)
        {
            schema = new JsonObject { ["type"] = "array", ["items"] = schema };
            if (column.IsSet)
                schema["uniqueItems"] = true;
        }
        if (column.Help.Length > 0)
            schema["description"] = column.Help;
        return schema;
    }

    private static JsonObject OfRecord(Column column) => new() { ["type"] = "object", ["properties"] = Properties(column.Columns) };

    private static JsonObject OfScalar(ColumnType type) =>
        type switch
        {
            ColumnType.Int => new()
            {
                ["type"] = "integer",
                ["minimum"] = int.MinValue,
                ["maximum"] = int.MaxValue,
            },
            ColumnType.Long or ColumnType.Time => new() { ["type"] = "integer" },
            ColumnType.Bool => new() { ["type"] = "boolean" },
            ColumnType.Double => new() { ["type"] = "number" },
            ColumnType.Map => new()
            {
                ["type"] = "object",
                ["additionalProperties"] = new JsonObject { ["type"] = "string" },
            },
            ColumnType.Address => new()
            {
                ["type"] = "string",
                ["anyOf"] = new JsonArray(new JsonObject { ["format"] = "ipv4" }, new JsonObject { ["format"] = "ipv6" }),
            },
            _ => new() { ["type"] = "string" },
        };
}
