namespace FlowPipe.Core.Emitting.Encodings;

/// <summary>Makes encodings from their names.</summary>
internal static class SpiEncodings
{
    /// <summary>All names, for messages.</summary>
    private const string Names = "avro, json, sessions3, bulk, bulk1, doc";

    /// <param name="name">What the sink's <c>format</c> says; <c>auto</c> is Avro where there is a registry, else JSON.</param>
    /// <param name="target">Where the records go.</param>
    /// <param name="settings">What else there is to know.</param>
    /// <exception cref="FlowPipeException">There is no such format.</exception>
    public static ISpiEncoding Create(string name, KafkaTarget target, SinkSettings settings)
    {
        if (name == "auto")
        {
            name = settings.Registry.IsSet ? "avro" : "json";
        }

        return name switch
        {
            "json" or "sessions3" => new JsonEncoding(),
            "avro" when settings.Registry.IsSet => new RegistryEncoding(settings.Registry, settings.Schema(), target.Topic, settings.Warn),
            "avro" => new SingleObjectEncoding(settings.Schema()),
            "bulk" => new ArkimeEncoding(ArkimeFormat.Bulk, settings.Arkime),
            "bulk1" => new ArkimeEncoding(ArkimeFormat.Bulk1, settings.Arkime),
            "doc" => new ArkimeEncoding(ArkimeFormat.Doc, settings.Arkime),
            _ => throw new FlowPipeException($"sink '{target}': unknown format '{name}'; there are {Names}"),
        };
    }
}
