namespace FlowPipe.Schemas;

/// <summary>A stream of ksqlDB on the topic.</summary>
internal static class KsqlDb
{
    public static string Print(FieldDictionary dictionary, ConsumerTarget target)
    {
        bool json = target.Encoding == ConsumerEncoding.Json;
        var types = new TypeWriter
        {
            Scalar = column => Word(column.Type, json),
            List = ("ARRAY<", ">"),
            Record = ("STRUCT<", ">"),
        };
        string table = types.Table(json ? ColumnTree.OfSessions3(dictionary) : ColumnTree.OfAvro(dictionary));
        return $"""
            SET 'auto.offset.reset' = 'earliest';

            CREATE STREAM flowpipe_sessions (
              `message_key` VARCHAR KEY,
            {table}
            ) WITH (
              KAFKA_TOPIC = '{target.Topic}',
              KEY_FORMAT = 'KAFKA',
              VALUE_FORMAT = '{(json ? "JSON" : "AVRO")}'
            );

            """;
    }

    private static string Word(ColumnType type, bool json) =>
        type switch
        {
            ColumnType.Int => "INTEGER",
            ColumnType.Long => "BIGINT",
            ColumnType.Time => json ? "BIGINT" : "TIMESTAMP",
            ColumnType.Bool => "BOOLEAN",
            ColumnType.Double => "DOUBLE",
            ColumnType.Map => "MAP<VARCHAR, VARCHAR>",
            _ => "VARCHAR",
        };
}
