using FlowPipe.Core;
using FlowPipe.Core.Consuming;
using FlowPipe.Core.Digests;
using FlowPipe.Core.Emitting;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Verifying;

/// <summary>The records of a topic, or of a part of it.</summary>
internal sealed class RawTopic : RawSource
{
    private const byte RegistryMagic = 0;
    private const int RegistryHeader = 5;

    private readonly KafkaTarget _target;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly Action<string> _warn;
    private readonly Lazy<AvroContent> _content = new(static () => new AvroContent(SessionSchema.Json));
    private readonly Lazy<AvroSingleObject> _single = new(static () => new AvroSingleObject(SessionSchema.Json));
    private IReadOnlyList<OffsetRange>? _within;

    /// <param name="target">Brokers and topic.</param>
    /// <param name="settings">librdkafka's settings, by its own names.</param>
    /// <param name="within">What is read of it; null for all that there is when it is first read.</param>
    /// <param name="warn">Where warnings go.</param>
    public RawTopic(
        KafkaTarget target,
        IReadOnlyDictionary<string, string> settings,
        IReadOnlyList<OffsetRange>? within,
        Action<string> warn
    )
    {
        _target = target;
        _settings = settings;
        _within = within;
        _warn = warn;
        Schema = SessionSchema.Json;
    }

    public override string Name => _target.ToString();

    public override string Show(RecordPlace place) => $"partition {place.Major}, offset {place.Minor}";

    public override IEnumerable<RawRecord> Read(CancellationToken stop)
    {
        using var reader = new KafkaTopicReader(_target, _settings, embedded: null, _warn) { Within = _within };
        reader.OpenAsync(stop).GetAwaiter().GetResult();
        // Whoever produces meanwhile must not make a second look differ from the first.
        _within = reader.Ranges;
        foreach (IReadOnlyList<TopicRecord> batch in reader.Read(follow: false, stop))
        foreach (TopicRecord message in batch)
            yield return Unframe(message);
        stop.ThrowIfCancellationRequested();
    }

    private RawRecord Unframe(TopicRecord message)
    {
        var place = new RecordPlace(message.Partition, message.Offset);
        ReadOnlyMemory<byte> value = message.Value;
        ReadOnlySpan<byte> bytes = value.Span;
        if (bytes is [(byte)'{', ..])
            return RawFile.OfJson(value, place);
        // Framed for a registry: its number says nothing here, but the bytes do, being a record of this build's schema or none.
        int header =
            bytes is [0xC3, 0x01, ..] && bytes.Length > AvroSingleObject.HeaderLength ? AvroSingleObject.HeaderLength
            : bytes is [RegistryMagic, ..] && bytes.Length > RegistryHeader ? RegistryHeader
            : 0;
        if (header == 0)
            return new RawRecord { Place = place, Fault = bytes.IsEmpty ? "it is empty" : "it is neither JSON nor Avro" };
        if (header == AvroSingleObject.HeaderLength && !_single.Value.TryUnframe(value, out _))
            return new RawRecord
            {
                Place = place,
                Fault =
                    $"its schema (fingerprint {Convert.ToHexStringLower(bytes[2..header])}) is not this build's ({_single.Value.Fingerprint}); use the build that made it",
            };
        ReadOnlyMemory<byte> content = value[header..];
        RawRecord record = RawFile.OfAvro(_content.Value, content, new RawRecord { Place = place }, out int length);
        return record.Fault is null && length < content.Length
            ? new RawRecord { Place = place, Fault = $"{content.Length - length} bytes follow the record" }
            : record;
    }
}

/// <summary>Opens what <c>--from</c>, <c>--against</c> and <c>diff</c> name.</summary>
internal static class RawSources
{
    public static RawSource Open(
        string name,
        IReadOnlyDictionary<string, string> kafka,
        Action<string> warn,
        Func<string, IReadOnlyList<OffsetRange>?>? within = null
    )
    {
        if (!name.StartsWith("kafka:", StringComparison.Ordinal))
            return new RawFile(name);
        SinkUri uri = SinkUri.Parse(name);
        uri.Allow();
        KafkaTarget target = KafkaTarget.Parse(uri.Target);
        return target.IsEmbedded
            ? throw new FlowPipeException($"{name}: the embedded broker ends with the run that produced; name a broker that is still there")
            : new RawTopic(target, kafka, within?.Invoke(target.Topic), warn);
    }
}
