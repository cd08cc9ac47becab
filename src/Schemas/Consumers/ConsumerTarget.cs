namespace FlowPipe.Schemas;

/// <summary>How the values of the topic's messages are encoded.</summary>
public enum ConsumerEncoding
{
    /// <summary><c>sessions3</c> documents: what FlowPipe writes to Kafka unless told otherwise.</summary>
    Json,

    /// <summary>Avro's single-object encoding (specification 1.12): what it writes with <c>format=avro</c>.</summary>
    Avro,

    /// <summary>Avro framed for a schema registry, as Confluent's serializers do: 00, the schema's id in four bytes, the record.</summary>
    Confluent,
}

/// <summary>The topic that a consumer's definition is made for.</summary>
public sealed record ConsumerTarget
{
    /// <summary>Brokers, <c>host:port,…</c>.</summary>
    public string Brokers { get; init; } = "localhost:9092";

    /// <summary>The topic.</summary>
    public string Topic { get; init; } = "flowpipe.spi.v1";

    /// <summary>How its values are encoded.</summary>
    public ConsumerEncoding Encoding { get; init; }
}
