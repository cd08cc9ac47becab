using Confluent.Kafka;

namespace FlowPipe.Core.Consuming;

/// <summary>A message as it was consumed. Its arrays are its own.</summary>
/// <param name="Partition">Partition of the topic.</param>
/// <param name="Offset">Place in the partition.</param>
/// <param name="Key">The key; empty when there was none.</param>
/// <param name="Value">The value; empty when there was none.</param>
/// <param name="Headers">The headers.</param>
/// <param name="Time">The message's time.</param>
public sealed record TopicRecord(int Partition, long Offset, byte[] Key, byte[] Value, Headers Headers, DateTime Time)
{
    /// <summary>A header's text, or null when there is none of that name.</summary>
    public string? Header(string name) =>
        Headers.TryGetLastBytes(name, out byte[]? value) && value is not null ? System.Text.Encoding.UTF8.GetString(value) : null;
}
