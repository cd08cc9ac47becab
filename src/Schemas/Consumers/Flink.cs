namespace FlowPipe.Schemas;

/// <summary>A table of Flink SQL on the topic.</summary>
internal static class Flink
{
    public static string Print(FieldDictionary dictionary, ConsumerTarget target)
    {
        bool json = target.Encoding == ConsumerEncoding.Json;
        var types = new TypeWriter
        {
            Scalar = column => Word(column.Type, json),
            List = ("ARRAY<", ">"),
            Record = ("ROW<", ">"),
        };
        string table = types.Table(json ? ColumnTree.OfSessions3(dictionary) : ColumnTree.OfAvro(dictionary));
        string time = json ? "TO_TIMESTAMP_LTZ(`firstPacket`, 3)" : "`first_packet`";
        string format = json ? "'format' = 'json'" : "'format' = 'avro-confluent',\n  'avro-confluent.url' = 'http://localhost:8081'";
        return $"""
            CREATE TABLE flowpipe_sessions (
            {table},
              `event_time` AS {time},
              -- a record comes when its session has ended, so long after its first packet
              WATERMARK FOR `event_time` AS `event_time` - INTERVAL '15' MINUTE
            ) WITH (
              'connector' = 'kafka',
              'topic' = '{target.Topic}',
              'properties.bootstrap.servers' = '{target.Brokers}',
              'properties.group.id' = 'flink',
              'scan.startup.mode' = 'earliest-offset',
              {format}
            );

            """;
    }

    private static string Word(ColumnType type, bool json) =>
        type switch
        {
            ColumnType.Int => "INT",
            ColumnType.Long => "BIGINT",
            ColumnType.Time => json ? "BIGINT" : "TIMESTAMP(3)",
            ColumnType.Bool => "BOOLEAN",
            ColumnType.Double => "DOUBLE",
            ColumnType.Map => "MAP<STRING, STRING>",
            _ => "STRING",
        };
}
