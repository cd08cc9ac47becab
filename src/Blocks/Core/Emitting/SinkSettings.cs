using FlowPipe.Core.Emitting.DeadLetters;
using FlowPipe.Core.Emitting.Encodings;
using FlowPipe.Core.Emitting.Routing;
using FlowPipe.Core.Emitting.Spooling;
using FlowPipe.Schemas.Registry;

namespace FlowPipe.Core.Emitting;

/// <summary>What sinks need to know besides their name.</summary>
public sealed record SinkSettings
{
    /// <summary>The records' Avro schema as JSON.</summary>
    public required Func<string> Schema { get; init; }

    /// <summary>Name of the sensor, for the header of that name.</summary>
    public string Node { get; init; } = "replay";

    /// <summary>librdkafka's settings, by its own names.</summary>
    public IReadOnlyDictionary<string, string> Kafka { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The schema registry, if there is one.</summary>
    public RegistrySettings Registry { get; init; } = new();

    /// <summary>For Arkime's own formats.</summary>
    public ArkimeSettings Arkime { get; init; } = new();

    /// <summary>Further topics for some records.</summary>
    public IReadOnlyList<Route> Routes { get; init; } = [];

    /// <summary>Where records go that can't be delivered for a reason of their own or of their topic.</summary>
    public DeadLetterSettings DeadLetters { get; init; } = new();

    /// <summary>Where records go while brokers or registry are gone; null where they are waited for.</summary>
    public SpoolSettings? Spool { get; init; }

    /// <summary>How long the end of a run waits for brokers that take nothing, where there is a spool to leave the rest to.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The broker that <c>kafka://embedded</c> means; shared with whoever consumes in this process.</summary>
    public EmbeddedKafka? Embedded { get; init; }

    /// <summary>Takes librdkafka's statistics, as JSON, with the sink's name; null when nobody wants them. Called from any thread.</summary>
    public Action<string, string>? OnStatistics { get; init; }

    /// <summary>Where warnings go, one line each. Called from any thread.</summary>
    public Action<string> Warn { get; init; } = static _ => { };

    /// <summary>Sinks that others make, by scheme: the terminal's table is made where the terminal is known.</summary>
    public IReadOnlyDictionary<string, Func<SinkUri, ISpiSink>> Others { get; init; } =
        new Dictionary<string, Func<SinkUri, ISpiSink>>(StringComparer.Ordinal);
}
