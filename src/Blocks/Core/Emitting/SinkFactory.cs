using FlowPipe.Schemas;

namespace FlowPipe.Core.Emitting;

/// <summary>Makes sinks from their names.</summary>
public static class SinkFactory
{
    /// <summary>All forms that a sink's name may have, for messages and help.</summary>
    public const string Forms =
        "kafka://BROKERS/TOPIC[?format=avro|json|sessions3|bulk|bulk1|doc&registry=URL], kafka://embedded/TOPIC[?partitions=N], "
        + "avro:FILE[?codec=null|deflate|zstandard], ndjson:FILE (- is standard output), table:, null:";

    /// <summary>Makes the sink; it is not opened.</summary>
    /// <exception cref="FlowPipeException">The name is wrong: the message says in which part, and what there is.</exception>
    public static ISpiSink Create(string uri, SinkSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        SinkUri parsed = SinkUri.Parse(uri);
        if (settings.Others.TryGetValue(parsed.Scheme, out Func<SinkUri, ISpiSink>? create))
        {
            return create(parsed);
        }

        switch (parsed.Scheme)
        {
            case "null":
                parsed.Allow("format");
                return parsed.Target.Length == 0
                    ? new NullSink(IsJson(parsed))
                    : throw new FlowPipeException($"sink '{uri}': null: takes nothing after the colon");
            case "avro":
                parsed.Allow("codec");
                return new AvroFileSink(PathOf(parsed), settings.Schema(), CodecOf(parsed));
            case "ndjson":
                parsed.Allow();
                return new NdjsonSink(PathOf(parsed));
            case "kafka":
                return KafkaSink.Create(parsed, settings);
            default:
                throw new FlowPipeException(
                    $"sink '{parsed.Scheme}:{parsed.Target}': unknown scheme '{parsed.Scheme}'; write one of {Forms}"
                );
        }
    }

    private static bool IsJson(SinkUri uri) =>
        uri.Option("format", "avro") switch
        {
            "avro" => false,
            "json" => true,
            var other => throw new FlowPipeException(
                $"sink '{uri.Text}': unknown format '{other}'; null: makes avro or json, and discards it"
            ),
        };

    private static string PathOf(SinkUri uri) =>
        uri.Target.Length > 0 ? uri.Target : throw new FlowPipeException($"sink '{uri.Text}': no file; write {uri.Scheme}:FILE");

    private static AvroCodec CodecOf(SinkUri uri)
    {
        string name = uri.Option("codec", "null");
        return AvroCodecNames.TryParse(name, out AvroCodec codec)
            ? codec
            : throw new FlowPipeException($"sink '{uri.Text}': unknown codec '{name}'; there are {AvroCodecNames.All}");
    }
}
