using Avro;

namespace FlowPipe.Schemas;

/// <summary>The Avro schema of what is said of a message that could not be delivered: <c>deadletter.avsc</c>.</summary>
public static class DeadLetterSchema
{
    private static readonly Lazy<string> LazyJson = new(Read);
    private static readonly Lazy<RecordSchema> LazyParsed = new(static () => (RecordSchema)Schema.Parse(Json));

    /// <summary>As it stands in the repository.</summary>
    public static string Json => LazyJson.Value;

    /// <summary>The same, parsed by Apache.Avro.</summary>
    public static RecordSchema Parsed => LazyParsed.Value;

    private static string Read()
    {
        using Stream stream = typeof(DeadLetterSchema).Assembly.GetManifestResourceStream("deadletter.avsc")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
