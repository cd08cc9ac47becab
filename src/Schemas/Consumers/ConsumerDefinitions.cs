namespace FlowPipe.Schemas;

/// <summary>What others need to read the topic: a schema, a table's definition, a mapping, made from the field dictionary.</summary>
public static class ConsumerDefinitions
{
    private static readonly (
        string Name,
        string Title,
        ConsumerEncoding[] Encodings,
        Func<FieldDictionary, ConsumerTarget, string> Print
    )[] All =
    [
        ("avro", "Avro", [ConsumerEncoding.Avro, ConsumerEncoding.Confluent], static (dictionary, _) => SessionSchema.ToJson(dictionary)),
        ("json", "JSON Schema", [ConsumerEncoding.Json], static (dictionary, _) => JsonSchema.Print(dictionary)),
        ("clickhouse", "ClickHouse", [ConsumerEncoding.Json, ConsumerEncoding.Confluent], ClickHouse.Print),
        ("flink", "Flink", [ConsumerEncoding.Json, ConsumerEncoding.Confluent], Flink.Print),
        ("ksqldb", "ksqlDB", [ConsumerEncoding.Json, ConsumerEncoding.Confluent], KsqlDb.Print),
        ("spark", "Spark", [ConsumerEncoding.Json, ConsumerEncoding.Avro, ConsumerEncoding.Confluent], Spark.Print),
        ("opensearch", "OpenSearch", [ConsumerEncoding.Json], static (dictionary, _) => OpenSearch.Print(dictionary)),
    ];

    /// <summary>The names of those that there are definitions for.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(static each => each.Name)];

    /// <summary>The encodings that a consumer can read, the one that it is assumed to read first.</summary>
    public static IReadOnlyList<ConsumerEncoding> EncodingsOf(string name) => Find(name).Encodings;

    /// <summary>A consumer's definition as text, with a line end.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="target">The topic.</param>
    /// <param name="dictionary">The fields that there are.</param>
    /// <exception cref="FormatException">It can't read that encoding.</exception>
    public static string Print(string name, ConsumerTarget target, FieldDictionary? dictionary = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        (_, string title, ConsumerEncoding[] encodings, Func<FieldDictionary, ConsumerTarget, string> print) = Find(name);
        if (!encodings.Contains(target.Encoding))
            throw new FormatException(
                $"{title} and --encoding {NameOf(target.Encoding)}: there is no way to read one with the other; it can be {string.Join(" or ", encodings.Select(NameOf))}"
            );
        return print(dictionary ?? FieldDictionary.Default, target);
    }

    /// <summary>An encoding's name in lower case.</summary>
    public static string NameOf(ConsumerEncoding encoding) =>
        encoding switch
        {
            ConsumerEncoding.Json => "json",
            ConsumerEncoding.Avro => "avro",
            _ => "confluent",
        };

    private static (string Name, string Title, ConsumerEncoding[] Encodings, Func<FieldDictionary, ConsumerTarget, string> Print) Find(
        string name
    ) =>
        Array.Find(All, each => each.Name == name) is { Name: not null } found
            ? found
            : throw new ArgumentException($"There is no '{name}'.", nameof(name));
}
