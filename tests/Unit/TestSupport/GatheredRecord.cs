using System.Buffers.Binary;
using System.Net;
using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>A record as a sink got it, its Avro form decoded when it is asked for.</summary>
internal sealed class GatheredRecord(SpiRecord record, int partition, byte[] avro)
{
    // Making one checks the schema against itself, which takes longer than many records.
    [ThreadStatic]
    private static SpiRecordDecoder? Decoder;

    private readonly Lazy<SpiFields> _fields = new(() =>
    {
        var values = new SpiFields();
        (Decoder ??= new SpiRecordDecoder()).Decode(avro, values);
        return values;
    });

    public Guid Id { get; } = record.Id;
    public Guid RootId { get; } = record.RootId;
    public string Key { get; } = Encoding.UTF8.GetString(record.Key);
    public bool Final { get; } = record.Final;
    public EndReason Reason { get; } = record.Reason;
    public long LastPacketNs { get; } = record.LastPacketNs;
    public int Partition { get; } = partition;
    public byte[] Avro { get; } = avro;

    /// <summary>An integer; the field's default when it is absent.</summary>
    public long Long(string name) => _fields.Value.TryGetLong(Field(name), out long value) ? value : Default(name);

    /// <summary>A text; empty when it is absent.</summary>
    public string Text(string name) =>
        _fields.Value.TryGetUtf8(Field(name), out ReadOnlySpan<byte> value) ? Encoding.UTF8.GetString(value) : "";

    /// <summary>A set of texts, in one line.</summary>
    public string Texts(string name)
    {
        var all = new List<string>();
        foreach (SpiValue value in _fields.Value.Values(Field(name)))
            all.Add(Encoding.UTF8.GetString(value.Utf8));
        return string.Join(' ', all);
    }

    /// <summary>A set of integers, in one line.</summary>
    public string Longs(string name)
    {
        var all = new List<long>();
        foreach (SpiValue value in _fields.Value.Values(Field(name)))
            all.Add(value.Long);
        return string.Join(' ', all);
    }

    /// <summary>A plugin's own field; empty when it is absent.</summary>
    public string Custom(string name)
    {
        foreach (SpiValue value in _fields.Value.Values(Field("custom")))
        {
            if (Encoding.UTF8.GetString(value.Key) == name)
                return Encoding.UTF8.GetString(value.Utf8);
        }
        return "";
    }

    /// <summary>The records that repeat under a field, each with those of the given fields that it has; sets in one line.</summary>
    public List<Dictionary<string, string>> Records(string name, IReadOnlyList<FieldDefinition> fields)
    {
        var all = new List<Dictionary<string, string>>();
        foreach (SpiValue entry in _fields.Value.Values(Field(name)))
        {
            var values = new Dictionary<string, string>();
            foreach (FieldDefinition field in fields)
            {
                var texts = new List<string>();
                foreach (SpiValue value in entry.Values(field.Field))
                    texts.Add(field.Field.Type is SpiType.Utf8 or SpiType.Utf8Set ? Encoding.UTF8.GetString(value.Utf8) : $"{value.Long}");
                if (texts.Count > 0)
                    values.Add(field.Name, string.Join(' ', texts));
            }
            all.Add(values);
        }
        return all;
    }

    public string Ip(string name)
    {
        if (!_fields.Value.TryGetIp(Field(name), out UInt128 address))
            return "";
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        var ip = new IPAddress(bytes);
        return (ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip).ToString();
    }

    /// <summary>Where its packets are, as offsets, source after source.</summary>
    public List<(string Source, long Offset)> Positions()
    {
        var all = new List<(string, long)>();
        foreach (SpiValue entry in _fields.Value.Values(Field("packet_pos")))
        {
            string source = "";
            foreach (SpiValue name in entry.Values(Field("packet_pos.source")))
                source = Encoding.UTF8.GetString(name.Utf8);
            long offset = 0;
            foreach (SpiValue gaps in entry.Values(Field("packet_pos.gaps")))
            {
                foreach (long gap in gaps.Packed)
                    all.Add((source, offset += gap));
            }
        }
        return all;
    }

    public List<long> PacketLengths()
    {
        var all = new List<long>();
        foreach (SpiValue lengths in _fields.Value.Values(Field("packet_len")))
        {
            foreach (long length in lengths.Packed)
                all.Add(length);
        }
        return all;
    }

    private static SpiField Field(string name) => FieldDictionary.Default[name];

    private static long Default(string name) => FieldDictionary.Default.Definition(Field(name)).Default;
}
