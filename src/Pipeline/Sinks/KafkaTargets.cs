using FlowPipe.Core.Emitting;
using FlowPipe.Pipeline.Configuration;

namespace FlowPipe.Pipeline.Sinks;

/// <summary>The clusters of the sinks.</summary>
internal static class KafkaTargets
{
    /// <summary>What the Kafka sinks name, in their order. Not the embedded broker: it ends with the run, and nobody could ask it afterwards.</summary>
    /// <exception cref="Core.FlowPipeException">A sink is not right.</exception>
    public static IEnumerable<KafkaTarget> KafkaTargetsThatStay(this FlowPipeSettings settings)
    {
        foreach (string sink in settings.To)
        {
            if (
                sink.StartsWith("kafka:", StringComparison.Ordinal)
                && KafkaTarget.Parse(SinkUri.Parse(sink).Target) is { IsEmbedded: false } target
            )
                yield return target;
        }
    }
}
