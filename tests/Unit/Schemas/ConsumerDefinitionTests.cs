using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

/// <summary>What others need to read the topic has a place of the right type for everything that a record can hold.</summary>
public sealed partial class ConsumerDefinitionTests
{
    private static readonly JsonObject Document = FullDocument();

    public static TheoryData<string, ConsumerEncoding> Tables =>
        new(
            ((string[])["clickhouse", "flink", "ksqldb", "spark"]).SelectMany(name =>
                ConsumerDefinitions.EncodingsOf(name).Where(e => name != "spark" || e == ConsumerEncoding.Json).Select(e => (name, e))
            )
        );

    [Theory]
    [MemberData(nameof(Tables))]
    public void ATableHasAColumnForEverything(string name, ConsumerEncoding encoding)
    {
        string text = ConsumerDefinitions.Print(name, new ConsumerTarget { Encoding = encoding });
        SqlColumn table = SqlColumns.OfFirstTable(text);
        if (encoding == ConsumerEncoding.Json)
            AssertFits("", Document, table);
        else
            AssertFits("", JsonNode.Parse(SessionSchema.Json)!.AsObject(), table);
    }

    [Fact]
    public void ClickHouseKeepsWhatItReads()
    {
        foreach (ConsumerEncoding encoding in ConsumerDefinitions.EncodingsOf("clickhouse"))
        {
            string[] tables = ConsumerDefinitions.Print("clickhouse", new ConsumerTarget { Encoding = encoding }).Split("CREATE TABLE ");
            SqlColumn queue = SqlColumns.OfFirstTable(tables[1]);
            SqlColumn kept = SqlColumns.OfFirstTable(tables[2]);
            string[] own = encoding == ConsumerEncoding.Json ? ["id"] : [];
            Assert.Equal([.. own, .. queue.Columns.Select(c => c.Name)], kept.Columns.Select(c => c.Name));
            string time = encoding == ConsumerEncoding.Json ? "firstPacket" : "first_packet";
            Assert.Equal("DateTime64(3, 'UTC')", kept.Columns.Single(c => c.Name == time).Type);
        }
    }

    [Fact]
    public void TheJsonSchemaDescribesEverything()
    {
        JsonObject schema = JsonNode.Parse(ConsumerDefinitions.Print("json", new ConsumerTarget()))!.AsObject();
        Assert.All(schema["required"]!.AsArray(), name => Assert.True(Document.ContainsKey(name!.GetValue<string>())));
        AssertDescribed("", Document, schema);
    }

    [Fact]
    public void TheMappingHasAPlaceForEverything()
    {
        JsonObject template = JsonNode.Parse(ConsumerDefinitions.Print("opensearch", new ConsumerTarget()))!.AsObject();
        JsonObject mappings = template["template"]!["mappings"]!.AsObject();
        Assert.False(mappings["dynamic"]!.GetValue<bool>());
        AssertMapped("", Document, mappings);
        Assert.InRange(CountOf(mappings), 300, template["template"]!["settings"]!["index.mapping.total_fields.limit"]!.GetValue<int>() / 2);
    }

    [Fact]
    public void TheAvroSchemaIsThatOfTheRecords() =>
        Assert.Equal(SessionSchema.Json, ConsumerDefinitions.Print("avro", new ConsumerTarget { Encoding = ConsumerEncoding.Avro }));

    [Fact]
    public void SparkTakesTheRecordOutOfItsFrame()
    {
        byte[] message = new AvroSingleObject(SessionSchema.Json).Frame([1, 2, 3]);
        string script = ConsumerDefinitions.Print("spark", new ConsumerTarget { Encoding = ConsumerEncoding.Avro });
        Assert.Contains($"substring(value, 1, 10) = X'{Convert.ToHexString(message.AsSpan(0, 10))}'", script, StringComparison.Ordinal);
        Assert.Contains($"substring(value, {message.AsSpan().IndexOf((byte[])[1, 2, 3]) + 1})", script, StringComparison.Ordinal);
    }

    [Fact]
    public void TheTopicIsTheOneGiven()
    {
        foreach (string name in (string[])["clickhouse", "flink", "spark"])
        {
            string text = ConsumerDefinitions.Print(name, new ConsumerTarget { Brokers = "b1:9,b2:9", Topic = "my.topic" });
            Assert.Contains("b1:9,b2:9", text, StringComparison.Ordinal);
            Assert.Contains("my.topic", text, StringComparison.Ordinal);
        }
        Assert.Contains(
            "KAFKA_TOPIC = 'my.topic'",
            ConsumerDefinitions.Print("ksqldb", new ConsumerTarget { Topic = "my.topic" }),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("clickhouse", ConsumerEncoding.Avro, "ClickHouse")]
    [InlineData("opensearch", ConsumerEncoding.Confluent, "OpenSearch")]
    [InlineData("avro", ConsumerEncoding.Json, "Avro")]
    public void WhatCannotBeReadIsSaid(string name, ConsumerEncoding encoding, string title)
    {
        var error = Assert.Throws<FormatException>(() => ConsumerDefinitions.Print(name, new ConsumerTarget { Encoding = encoding }));
        Assert.StartsWith(title, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Spark and ksqlDB tell names apart regardless of case.</summary>
    [Fact]
    public void NamesDifferInMoreThanCase()
    {
        void Check(SqlColumn record)
        {
            Assert.Equal(record.Columns.Count, record.Columns.Select(c => c.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());
            foreach (SqlColumn column in record.Columns)
                Check(column);
        }
        foreach (ConsumerEncoding encoding in ConsumerDefinitions.EncodingsOf("ksqldb"))
            Check(SqlColumns.OfFirstTable(ConsumerDefinitions.Print("ksqldb", new ConsumerTarget { Encoding = encoding })));
    }

    /// <summary>A document that holds all fields: every member has its column, and a value of the column's type.</summary>
    private static void AssertFits(string path, JsonObject document, SqlColumn table)
    {
        if (document.ContainsKey("fields") && document.ContainsKey("type"))
        {
            AssertFitsSchema(path, document, table);
            return;
        }
        foreach ((string name, JsonNode? value) in document)
        {
            string place = $"{path}.{name}";
            SqlColumn? column = table.Columns.SingleOrDefault(c => c.Name == name);
            Assert.True(column is not null, $"{place} has no column");
            AssertValueFits(place, value!, column);
        }
    }

    private static void AssertValueFits(string place, JsonNode value, SqlColumn column)
    {
        if (value is JsonArray items)
        {
            Assert.True(column.IsList, $"{place}: {column.Type} is no list");
            foreach (JsonNode? item in items)
                AssertValueFits(place, item!, column with { IsList = false });
            return;
        }
        Assert.False(column.IsList, $"{place}: {column.Type} is a list");
        if (value is JsonObject map && column.Type.StartsWith("map", StringComparison.OrdinalIgnoreCase))
        {
            Assert.All(map, static entry => Assert.Equal(JsonValueKind.String, entry.Value!.GetValueKind()));
            return;
        }
        if (value is JsonObject inner)
        {
            AssertFits(place, inner, column);
            return;
        }
        string[] types = value.GetValueKind() switch
        {
            JsonValueKind.String => ["String", "STRING", "VARCHAR"],
            JsonValueKind.True or JsonValueKind.False => ["Bool", "BOOLEAN"],
            _ => ["Int32", "Int64", "INT", "INTEGER", "BIGINT"],
        };
        Assert.Contains(column.Type.Replace("Nullable(", "", StringComparison.Ordinal).TrimEnd(')'), types);
    }

    /// <summary>The same for the schema of Avro records.</summary>
    private static void AssertFitsSchema(string path, JsonObject record, SqlColumn table)
    {
        JsonArray fields = record["fields"]!.AsArray();
        string[] known = [.. fields.Select(f => f!["name"]!.GetValue<string>())];
        Assert.Equal(known, table.Columns.Select(c => c.Name).Where(n => n is not ("message_key" or "event_time")));
        foreach (JsonNode? field in fields)
        {
            string place = $"{path}.{field!["name"]}";
            SqlColumn column = table.Columns.Single(c => c.Name == field["name"]!.GetValue<string>());
            JsonNode type = field["type"] is JsonArray union ? union[1]! : field["type"]!;
            if (type is JsonObject list && list["type"]!.GetValue<string>() == "array")
            {
                Assert.True(column.IsList, place);
                type = list["items"]!;
            }
            else
            {
                Assert.False(column.IsList, place);
            }
            if (type is JsonObject complex && complex["type"]!.GetValue<string>() == "record")
            {
                AssertFitsSchema(place, complex, column);
                continue;
            }
            string name = type is JsonObject wrapped
                ? (wrapped["logicalType"] ?? wrapped["type"])!.GetValue<string>()
                : type.GetValue<string>();
            string[] types = name switch
            {
                "int" => ["Int32", "INT", "INTEGER"],
                "long" => ["Int64", "BIGINT"],
                "timestamp-millis" => ["DateTime64(3, 'UTC')", "TIMESTAMP(3)", "TIMESTAMP"],
                "boolean" => ["Bool", "BOOLEAN"],
                "double" => ["Float64", "DOUBLE"],
                "map" => ["Map(String, String)", "MAP<STRING, STRING>", "MAP<VARCHAR, VARCHAR>"],
                _ => ["String", "STRING", "VARCHAR"],
            };
            Assert.True(types.Contains(column.Type), $"{place}: a {name} in a column of type {column.Type}");
        }
    }

    private static void AssertDescribed(string path, JsonNode value, JsonNode schema)
    {
        switch (value)
        {
            case JsonObject members:
                Assert.Equal("object", schema["type"]!.GetValue<string>());
                foreach ((string name, JsonNode? member) in members)
                {
                    JsonNode? property = schema["properties"]?[name] ?? schema["additionalProperties"];
                    Assert.True(property is not null, $"{path}.{name} is not described");
                    AssertDescribed($"{path}.{name}", member!, property);
                }
                break;
            case JsonArray items:
                Assert.Equal("array", schema["type"]!.GetValue<string>());
                foreach (JsonNode? item in items)
                    AssertDescribed(path, item!, schema["items"]!);
                break;
            default:
                string type = value.GetValueKind() switch
                {
                    JsonValueKind.String => "string",
                    JsonValueKind.True or JsonValueKind.False => "boolean",
                    _ => "integer",
                };
                Assert.Equal(type, schema["type"]!.GetValue<string>());
                break;
        }
    }

    private static void AssertMapped(string path, JsonObject document, JsonObject mapping)
    {
        foreach ((string name, JsonNode? value) in document)
        {
            string place = $"{path}.{name}";
            JsonObject? property = mapping["properties"]?[name]?.AsObject();
            Assert.True(property is not null, $"{place} is not mapped");
            foreach (JsonNode? each in value is JsonArray items ? items : [value!.DeepClone()])
                AssertMappedValue(place, each!, property);
        }
    }

    private static void AssertMappedValue(string place, JsonNode value, JsonObject property)
    {
        string type = property["type"]?.GetValue<string>() ?? "object";
        if (value is JsonObject inner)
        {
            // What plugins define is kept, and not searched.
            if (type != "date_range" && !place.EndsWith(".custom", StringComparison.Ordinal))
                AssertMapped(place, inner, property);
            return;
        }
        string[] types = value.GetValueKind() switch
        {
            JsonValueKind.String => ["keyword", "ip"],
            JsonValueKind.True or JsonValueKind.False => ["boolean"],
            _ => ["integer", "long", "date"],
        };
        Assert.True(types.Contains(type), $"{place}: {value} in a field of type {type}");
        Assert.Equal(
            type == "ip",
            value.GetValueKind() == JsonValueKind.String && value.GetValue<string>().StartsWith("2001:db8", StringComparison.Ordinal)
        );
    }

    private static int CountOf(JsonObject mapping) =>
        mapping["properties"] is JsonObject properties ? properties.Sum(p => 1 + CountOf(p.Value!.AsObject())) : 0;

    private static JsonObject FullDocument()
    {
        var row = new SpiRow();
        var session = new SpiFields();
        FullRecord.Fill(row, session);
        var buffer = new ArrayBufferWriter<byte>();
        new Sessions3Writer().Write(row, session, buffer);
        JsonObject document = JsonNode.Parse(buffer.WrittenSpan)!.AsObject();
        // of the fields that documents have, none is missing
        foreach (FieldDefinition field in FieldDictionary.Default.Fields.Where(f => f.Sessions3 is not null))
        {
            JsonNode? at = document;
            foreach (string step in field.Sessions3!.Split('.'))
            {
                at = at?[step.Replace("[]", "", StringComparison.Ordinal)];
                at = at is JsonArray { Count: > 0 } items && step.EndsWith("[]", StringComparison.Ordinal) ? items[0] : at;
            }
            Assert.True(at is not null, $"the document lacks {field.Sessions3}");
        }
        return document;
    }

    /// <summary>A column, or a table, of SQL.</summary>
    private sealed record SqlColumn(string Name, string Type, bool IsList, IReadOnlyList<SqlColumn> Columns);

    /// <summary>Reads `name` TYPE lists of any of the dialects; what is not one is passed over.</summary>
    private sealed partial class SqlColumns(string text)
    {
        private int _at;

        public static SqlColumn OfFirstTable(string text)
        {
            int begin = FirstColumn().Match(text).Index;
            Assert.True(begin > 0, "there is no table");
            var reader = new SqlColumns(text) { _at = begin };
            return new SqlColumn("", "", false, reader.ReadColumns());
        }

        private List<SqlColumn> ReadColumns()
        {
            List<SqlColumn> columns = [];
            while (true)
            {
                SkipSpace();
                if (text[_at] != '`')
                    return columns;
                int end = text.IndexOf('`', _at + 1);
                string name = text[(_at + 1)..end];
                _at = end + 1;
                if (text[_at] == ':')
                    _at++;
                SkipSpace();
                if (text.AsSpan(_at).StartsWith("AS "))
                    return columns;
                columns.Add(ReadType(name));
                SkipSpace();
                if (text[_at] != ',')
                    return columns;
                _at++;
            }
        }

        private SqlColumn ReadType(string name)
        {
            int start = _at;
            foreach (string open in (string[])["Array(", "ARRAY<"])
            {
                if (!text.AsSpan(_at).StartsWith(open))
                    continue;
                _at += open.Length;
                SqlColumn item = ReadType(name);
                SkipSpace();
                _at++;
                return item with { IsList = true };
            }
            foreach (string open in (string[])["Tuple(", "ROW<", "STRUCT<"])
            {
                if (!text.AsSpan(_at).StartsWith(open))
                    continue;
                _at += open.Length;
                List<SqlColumn> columns = ReadColumns();
                SkipSpace();
                Assert.Contains(text[_at++], ")>");
                return new SqlColumn(name, open, false, columns);
            }
            for (int depth = 0; depth > 0 || text[_at] is not (',' or ')' or '>' or '\n'); _at++)
                depth +=
                    text[_at] is '(' or '<' ? 1
                    : text[_at] is ')' or '>' ? -1
                    : 0;
            string type = text[start.._at].Trim();
            return new SqlColumn(name, type.Replace(" KEY", "", StringComparison.Ordinal), false, []);
        }

        private void SkipSpace()
        {
            while (_at < text.Length && char.IsWhiteSpace(text[_at]))
                _at++;
        }

        private const int TimeLimitMs = 60_000;

        [GeneratedRegex("(?<=^|\n) *`", RegexOptions.None, TimeLimitMs)]
        private static partial Regex FirstColumn();
    }
}
