using FlowPipe.Core;
using FlowPipe.Core.Consuming;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.Encodings;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Schemas;
using FlowPipe.Schemas.Registry;

namespace FlowPipe.Pipeline.Verifying;

/// <summary>The records of a topic, or of a part of it.</summary>
internal sealed class RawTopic : RawSource
{
    /// <summary>Schemas remembered. A topic has a few; whoever sends random numbers shall not fill the memory.</summary>
    private const int RegisteredMax = 1024;

    private readonly KafkaTarget _target;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly RegistrySettings _registry;
    private readonly Action<string> _warn;
    private readonly Lazy<SchemaContent> _own = new(static () => new SchemaContent(SessionSchema.Json));
    private readonly Lazy<AvroSingleObject> _single = new(static () => new AvroSingleObject(SessionSchema.Json));
    private readonly Dictionary<int, RegisteredContent> _registered = [];
    private string? _fingerprint; // of the schema of its Avro records, once one has been seen
    private IReadOnlyList<OffsetRange>? _within;

    /// <param name="target">Brokers and topic.</param>
    /// <param name="settings">librdkafka's settings, by its own names.</param>
    /// <param name="registry">Knows the schemas of records with a number; where there is none, they are taken to be of this build.</param>
    /// <param name="within">What is read of it; null for all that there is when it is first read.</param>
    /// <param name="warn">Where warnings go.</param>
    public RawTopic(
        KafkaTarget target,
        IReadOnlyDictionary<string, string> settings,
        RegistrySettings registry,
        IReadOnlyList<OffsetRange>? within,
        Action<string> warn
    )
    {
        _registry = registry;
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
        using SchemaRegistryClient? registry = _registry.IsSet ? RegistryFaults.Open(_registry) : null;
        foreach (IReadOnlyList<TopicRecord> batch in reader.Read(follow: false, stop))
        foreach (TopicRecord message in batch)
            yield return Unframe(message, registry, stop);
        stop.ThrowIfCancellationRequested();
    }

    private RawRecord Unframe(TopicRecord message, SchemaRegistryClient? registry, CancellationToken stop)
    {
        var place = new RecordPlace(message.Partition, message.Offset);
        ReadOnlyMemory<byte> value = message.Value;
        if (value.Span is [(byte)'{', ..])
            return RawFile.OfJson(value, place);
        if (value.Span is [0xC3, 0x01, ..] && value.Length > AvroSingleObject.HeaderLength)
            return OfSingleObject(value, place);
        return ConfluentFrame.TryUnframe(value, out int id, out ReadOnlyMemory<byte> record)
            ? OfNumber(id, record, place, registry, stop)
            : Unreadable(place, value.IsEmpty ? "it is empty" : "it is neither JSON nor Avro");
    }

    private RawRecord OfSingleObject(ReadOnlyMemory<byte> value, RecordPlace place)
    {
        if (_single.Value.TryUnframe(value, out ReadOnlyMemory<byte> record))
            return OfAvro(_own.Value, record, place);
        string fingerprint = Convert.ToHexStringLower(value.Span[2..AvroSingleObject.HeaderLength]);
        return Unreadable(
            place,
            $"its schema (fingerprint {fingerprint}) is not this build's ({_single.Value.Fingerprint}); use the build that made it"
        );
    }

    private RawRecord OfNumber(
        int id,
        ReadOnlyMemory<byte> record,
        RecordPlace place,
        SchemaRegistryClient? registry,
        CancellationToken stop
    )
    {
        // Without a registry its number says nothing, but the bytes do, being a record of this build's schema or none.
        if (registry is null)
            return OfAvro(_own.Value, record, place);
        if (!_registered.TryGetValue(id, out RegisteredContent? known))
        {
            if (_registered.Count == RegisteredMax)
                _registered.Clear();
            known = RegisteredContent.Ask(registry, id, stop);
            _registered.Add(id, known);
        }
        return known.Content is null ? Unreadable(place, known.Fault!) : OfAvro(known.Content, record, place);
    }

    private RawRecord OfAvro(SchemaContent content, ReadOnlyMemory<byte> data, RecordPlace place)
    {
        // The first record decides: what is compared must mean the same.
        if (_fingerprint is null)
        {
            Schema = content.Schema;
            _fingerprint = content.Fingerprint;
        }
        if (content.Fingerprint != _fingerprint)
            return Unreadable(place, $"its schema ({content.Fingerprint}) is not that of the records before it ({_fingerprint})");
        RawRecord record = RawFile.OfAvro(content.Content, data, new RawRecord { Place = place }, out int length);
        return record.Fault is null && length < data.Length ? Unreadable(place, $"{data.Length - length} bytes follow the record") : record;
    }

    private static RawRecord Unreadable(RecordPlace place, string fault) => new() { Place = place, Fault = fault };
}

/// <summary>Opens what <c>--from</c>, <c>--against</c> and <c>diff</c> name.</summary>
internal static class RawSources
{
    public static RawSource Open(
        string name,
        FlowPipeSettings settings,
        Action<string> warn,
        Func<string, IReadOnlyList<OffsetRange>?>? within = null
    )
    {
        if (!RecordTopic.IsTopic(name))
            return new RawFile(name);
        (KafkaTarget target, RegistrySettings registry) = RecordTopic.Parse(name, settings.Registry);
        return target.IsEmbedded
            ? throw new FlowPipeException($"{name}: the embedded broker ends with the run that produced; name a broker that is still there")
            : new RawTopic(target, settings.Kafka, registry, within?.Invoke(target.Topic), warn);
    }
}
