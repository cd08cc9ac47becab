using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.Encodings;
using FlowPipe.Schemas.Registry;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>A topic to be read, as users name it: <c>kafka://BROKERS/TOPIC</c>, perhaps with <c>?registry=URL</c>.</summary>
/// <param name="Target">Brokers and topic.</param>
/// <param name="Registry">The registry: the one that it names, else that of the settings.</param>
internal sealed record RecordTopic(KafkaTarget Target, RegistrySettings Registry)
{
    /// <summary>Whether a source is a topic; else it is a file.</summary>
    public static bool IsTopic(string source) => source.StartsWith("kafka:", StringComparison.Ordinal);

    /// <exception cref="Core.FlowPipeException">It names none.</exception>
    public static RecordTopic Parse(string source, RegistrySettings registry)
    {
        SinkUri uri = SinkUri.Parse(source);
        uri.Allow(RegistryOption.Name);
        return new RecordTopic(KafkaTarget.Parse(uri.Target), RegistryOption.Apply(uri, registry));
    }
}
