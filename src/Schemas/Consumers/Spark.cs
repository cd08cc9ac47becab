namespace FlowPipe.Schemas;

/// <summary>A script for PySpark that reads the topic as a stream.</summary>
internal static class Spark
{
    private static readonly TypeWriter Types = new()
    {
        Scalar = static column => Word(column.Type),
        List = ("ARRAY<", ">"),
        Record = ("STRUCT<", ">"),
        Separator = ": ",
    };

    public static string Print(FieldDictionary dictionary, ConsumerTarget target) =>
        target.Encoding == ConsumerEncoding.Json ? OfJson(dictionary, target) : OfAvro(dictionary, target);

    private static string OfJson(FieldDictionary dictionary, ConsumerTarget target) =>
        Script(
            target,
            "",
            "from pyspark.sql.functions import col, expr, from_json",
            $"""
            SCHEMA = '''
            {Types.Table(ColumnTree.OfSessions3(dictionary))}
            '''
            """,
            """
            sessions = (
                messages.select(from_json(col("value").cast("string"), SCHEMA).alias("session"))
                .select("session.*")
                .withColumn("time", expr("timestamp_millis(firstPacket)"))
            )
            """
        );

    private static string OfAvro(FieldDictionary dictionary, ConsumerTarget target)
    {
        string fingerprint = new AvroSingleObject(SessionSchema.ToJson(dictionary)).Fingerprint.ToUpperInvariant();
        (string comment, string where, int header) =
            target.Encoding == ConsumerEncoding.Avro
                ? (
                    "# Before each record: C3 01 and the fingerprint of its schema (Avro's single-object encoding).",
                    $"substring(value, 1, 10) = X'C301{fingerprint}'",
                    AvroSingleObject.HeaderLength
                )
                : ("# Before each record: 00 and the four bytes of its schema's id in the registry.", "substring(value, 1, 1) = X'00'", 5);
        return Script(
            target,
            ",org.apache.spark:spark-avro_2.13:4.0.0",
            "from pyspark.sql.avro.functions import from_avro\nfrom pyspark.sql.functions import col, expr",
            """
            # flowpipe schema --as avro > session.avsc
            with open("session.avsc") as file:
                SCHEMA = file.read()
            """,
            $"""
            {comment}
            sessions = (
                messages.where("{where}")
                .select(from_avro(expr("substring(value, {header + 1})"), SCHEMA).alias("session"))
                .select("session.*")
                .withColumn("time", col("first_packet"))
            )
            """
        );
    }

    private static string Script(ConsumerTarget target, string packages, string imports, string schema, string sessions) =>
        $"""
            # spark-submit --packages org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0{packages} sessions.py
            from pyspark.sql import SparkSession
            {imports}

            {schema}

            spark = SparkSession.builder.appName("flowpipe").getOrCreate()
            messages = (
                spark.readStream.format("kafka")
                .option("kafka.bootstrap.servers", "{target.Brokers}")
                .option("subscribe", "{target.Topic}")
                .option("startingOffsets", "earliest")
                .load()
            )
            {sessions}
            sessions.writeStream.format("console").start().awaitTermination()

            """;

    private static string Word(ColumnType type) =>
        type switch
        {
            ColumnType.Int => "INT",
            ColumnType.Long or ColumnType.Time => "BIGINT",
            ColumnType.Bool => "BOOLEAN",
            ColumnType.Double => "DOUBLE",
            ColumnType.Map => "MAP<STRING, STRING>",
            _ => "STRING",
        };
}
