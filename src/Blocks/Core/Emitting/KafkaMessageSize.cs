using System.Text;
using Confluent.Kafka;

namespace FlowPipe.Core.Emitting;

/// <summary>How large a message is on the wire at most, as librdkafka reckons when it compares with <c>message.max.bytes</c>.</summary>
internal static class KafkaMessageSize
{
    /// <summary>librdkafka's default of <c>message.max.bytes</c>, and a broker's but for some overhead.</summary>
    public const int DefaultMax = 1_000_000;

    /// <summary>A record batch's framing of one record, with varints at their longest (KIP-98).</summary>
    private const int Framing = 32;

    /// <summary>Lengths of name and value.</summary>
    private const int HeaderFraming = 10;

    /// <summary>Bytes of a message.</summary>
    public static long Of(Message<byte[], byte[]> message)
    {
        long size = Framing + (message.Key?.Length ?? 0) + (message.Value?.Length ?? 0);
        for (int i = 0; i < (message.Headers?.Count ?? 0); i++)
        {
            IHeader header = message.Headers![i];
            size += HeaderFraming + Encoding.UTF8.GetByteCount(header.Key) + (header.GetValueBytes()?.Length ?? 0);
        }
        return size;
    }

    /// <summary>What the settings allow.</summary>
    public static int MaxOf(IReadOnlyDictionary<string, string> settings) =>
        settings.TryGetValue("message.max.bytes", out string? text)
        && int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int max)
            ? max
            : DefaultMax;
}
