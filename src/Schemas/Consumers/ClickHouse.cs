namespace FlowPipe.Schemas;

/// <summary>A table on the topic (Kafka engine), one that keeps the records (MergeTree), and what moves them from one to the other.</summary>
internal static class ClickHouse
{
    private const string Moment = "DateTime64(3, 'UTC')";

    public static string Print(FieldDictionary dictionary, ConsumerTarget target)
    {
        bool json = target.Encoding == ConsumerEncoding.Json;
        List<Column> columns = json ? ColumnTree.OfSessions3(dictionary) : ColumnTree.OfAvro(dictionary);
        var types = new TypeWriter
        {
            // absent texts are empty; a number that is absent would be a 0, which it is not
            Scalar = column =>
                column is { IsList: false, IsOptional: true, Type: not (ColumnType.Text or ColumnType.Address or ColumnType.Map) }
                    ? $"Nullable({Word(column.Type, json)})"
                    : Word(column.Type, json),
            List = ("Array(", ")"),
            Record = ("Tuple(", ")"),
        };
        string table = types.Table(columns);
        string first = json ? "firstPacket" : "first_packet";
        string last = json ? "lastPacket" : "last_packet";
        // JSON has milliseconds as a number, Avro says what they are
        string kept = table
            .Replace($"`{first}` Int64", $"`{first}` {Moment}", StringComparison.Ordinal)
            .Replace($"`{last}` Int64", $"`{last}` {Moment}", StringComparison.Ordinal);
        string id = json ? "`id` String,\n  " : "";
        string select = json
            ? $"flowpipe.id AS id, * REPLACE (fromUnixTimestamp64Milli({first}, 'UTC') AS {first}, fromUnixTimestamp64Milli({last}, 'UTC') AS {last})"
            : "*";
        string format = json
            ? "kafka_format = 'JSONEachRow'"
            : "kafka_format = 'AvroConfluent', format_avro_schema_registry_url = 'http://localhost:8081',\n  input_format_null_as_default = 1";
        return $"""
            -- What is in the topic.
            CREATE TABLE flowpipe_sessions_queue
            (
            {table}
            )
            ENGINE = Kafka
            SETTINGS kafka_broker_list = '{target.Brokers}', kafka_topic_list = '{target.Topic}', kafka_group_name = 'clickhouse',
              {format};

            -- What is kept. A record that was delivered twice has the same id and becomes one; SELECT … FINAL sees it so at once.
            CREATE TABLE flowpipe_sessions
            (
              {id}{kept.TrimStart()}
            )
            ENGINE = ReplacingMergeTree
            PARTITION BY toYYYYMM({first})
            ORDER BY ({first}, id);

            CREATE MATERIALIZED VIEW flowpipe_sessions_reader TO flowpipe_sessions AS
            SELECT {select}
            FROM flowpipe_sessions_queue;

            """;
    }

    private static string Word(ColumnType type, bool json) =>
        type switch
        {
            ColumnType.Int => "Int32",
            ColumnType.Long => "Int64",
            ColumnType.Time => json ? "Int64" : Moment,
            ColumnType.Bool => "Bool",
            ColumnType.Double => "Float64",
            ColumnType.Map => "Map(String, String)",
            _ => "String",
        };
}
