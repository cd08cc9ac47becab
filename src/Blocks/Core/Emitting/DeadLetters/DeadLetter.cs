using System.Globalization;
using System.Text;
using System.Text.Json;
using Avro.Generic;
using Avro.IO;
using Confluent.Kafka;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Emitting.DeadLetters;

/// <summary>What is said of a message that could not be delivered; as Avro for a topic, as JSON for a file. Few: Apache.Avro is fast enough.</summary>
internal sealed class DeadLetter
{
    /// <summary>Room for all but headers, key and value.</summary>
    private const int Overhead = 1024;
    private static readonly Lazy<AvroSingleObject> Frame = new(static () => new AvroSingleObject(DeadLetterSchema.Json));

    private readonly OutgoingMessage _message;
    private readonly string _reason;
    private readonly string _explanation;
    private readonly string _node;
    private readonly long _timeMs;

    /// <param name="message">What could not be delivered.</param>
    /// <param name="reason">Why, see <see cref="DeadLetterReason"/>.</param>
    /// <param name="explanation">The same in words.</param>
    /// <param name="node">Name of the sensor.</param>
    /// <param name="time">What time it is.</param>
    public DeadLetter(OutgoingMessage message, string reason, string explanation, string node, DateTimeOffset time)
    {
        const int explanationMax = 500;
        _message = message;
        _reason = reason;
        _explanation = explanation.Length > explanationMax ? explanation[..explanationMax] : explanation;
        _node = node;
        _timeMs = time.ToUnixTimeMilliseconds();
    }

    /// <summary>As a message for the topic of dead letters: key and headers are the original's, and a header more has the reason.</summary>
    /// <param name="sizeMax">Bytes that it may have; the value is cut to what fits.</param>
    public Message<byte[], byte[]> ToMessage(int sizeMax)
    {
        Message<byte[], byte[]> original = _message.Kafka;
        var headers = new Headers();
        for (int i = 0; i < (original.Headers?.Count ?? 0); i++)
            headers.Add(original.Headers![i].Key, original.Headers[i].GetValueBytes());
        headers.Add("dead_letter_reason", Encoding.UTF8.GetBytes(_reason));
        byte[] value = original.Value ?? [];
        // Headers and key are in it twice: as the message's own and in what is said of it.
        long room = sizeMax - Overhead - (2 * (KafkaMessageSize.Of(original) - value.Length));
        int kept = (int)Math.Clamp(room, 0, value.Length);
        return new Message<byte[], byte[]>
        {
            Key = original.Key!,
            Headers = headers,
            Value = ToAvro(value, kept),
        };
    }

    /// <summary>As a line of JSON, the value whole.</summary>
    public byte[] ToJsonLine()
    {
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString(
                "time",
                DateTimeOffset.FromUnixTimeMilliseconds(_timeMs).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
            );
            json.WriteString("reason", _reason);
            json.WriteString("explanation", _explanation);
            json.WriteString("node", _node);
            json.WriteString("topic", _message.Topic);
            json.WriteString("id", _message.Id);
            json.WriteNumber("records", _message.Records);
            json.WriteNumber("first_packet_ns", _message.FirstPacketNs);
            json.WriteNumber("last_packet_ns", _message.LastPacketNs);
            WriteBase64(json, "key", _message.Kafka.Key);
            json.WriteStartArray("headers");
            for (int i = 0; i < (_message.Kafka.Headers?.Count ?? 0); i++)
            {
                json.WriteStartObject();
                json.WriteString("name", _message.Kafka.Headers![i].Key);
                WriteBase64(json, "value", _message.Kafka.Headers[i].GetValueBytes());
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteNumber("value_size", _message.Kafka.Value?.Length ?? 0);
            json.WriteBoolean("value_truncated", false);
            json.WriteBase64String("value", _message.Kafka.Value);
            json.WriteEndObject();
        }
        line.WriteByte((byte)'\n');
        return line.ToArray();
    }

    private static void WriteBase64(Utf8JsonWriter json, string name, byte[]? bytes)
    {
        if (bytes is null)
            json.WriteNull(name);
        else
            json.WriteBase64String(name, bytes);
    }

    private byte[] ToAvro(byte[] value, int kept)
    {
        var record = new GenericRecord(DeadLetterSchema.Parsed);
        record.Add("time", DateTimeOffset.FromUnixTimeMilliseconds(_timeMs).UtcDateTime);
        record.Add("reason", _reason);
        record.Add("explanation", _explanation);
        record.Add("node", _node);
        record.Add("topic", _message.Topic);
        record.Add("id", _message.Id.ToString());
        record.Add("records", _message.Records);
        record.Add("first_packet_ns", _message.FirstPacketNs);
        record.Add("last_packet_ns", _message.LastPacketNs);
        record.Add("key", _message.Kafka.Key);
        var headerSchema = (Avro.RecordSchema)((Avro.ArraySchema)DeadLetterSchema.Parsed["headers"].Schema).ItemSchema;
        var headers = new GenericRecord[_message.Kafka.Headers?.Count ?? 0];
        for (int i = 0; i < headers.Length; i++)
        {
            headers[i] = new GenericRecord(headerSchema);
            headers[i].Add("name", _message.Kafka.Headers![i].Key);
            headers[i].Add("value", _message.Kafka.Headers[i].GetValueBytes());
        }
        record.Add("headers", headers);
        record.Add("value_size", (long)value.Length);
        record.Add("value_truncated", kept < value.Length);
        record.Add("value", kept == value.Length ? value : value[..kept]);
        using var bytes = new MemoryStream();
        new GenericDatumWriter<GenericRecord>(DeadLetterSchema.Parsed).Write(record, new BinaryEncoder(bytes));
        return Frame.Value.Frame(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }
}
