using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>Writes a record as JSON by the names of its Avro schema; fields that have no value, or their default, are left out.</summary>
internal sealed class AvroNamesWriter
{
    private static readonly JsonWriterOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<Field> _top = [];
    private readonly List<string> _open = [];

    public AvroNamesWriter()
    {
        // Fields come in the schema's order: a group's stand together, and a record's own follow it.
        var records = new Dictionary<int, Field>();
        foreach (FieldDefinition definition in FieldDictionary.Default.Fields)
        {
            Field? parent = definition.Parent.IsNone ? null : records[definition.Parent.Number];
            string path = parent is null ? definition.Avro : definition.Avro[(parent.Definition.Avro.Length + "[].".Length)..];
            string[] steps = path.Split('.');
            var field = new Field(definition, steps[..^1], steps[^1]);
            (parent?.Inside ?? _top).Add(field);
            if (definition.Field.Type == SpiType.RecordSet)
                records.Add(definition.Field.Number, field);
        }
    }

    public void Write(SpiFields values, IBufferWriter<byte> destination)
    {
        using var json = new Utf8JsonWriter(destination, Format);
        json.WriteStartObject();
        foreach (Field field in _top)
            WriteField(json, field, values.Values(field.Definition.Field));
        OpenGroups(json, []);
        json.WriteEndObject();
    }

    private void WriteField(Utf8JsonWriter json, Field field, SpiValues values)
    {
        SpiValues rest = values;
        if (!rest.MoveNext())
            return;
        OpenGroups(json, field.Groups);
        json.WritePropertyName(field.Name);
        SpiType type = field.Definition.Field.Type;
        if (type is SpiType.LongSet or SpiType.IntSet or SpiType.Utf8Set or SpiType.Utf8List or SpiType.IpSet or SpiType.RecordSet)
        {
            json.WriteStartArray();
            foreach (SpiValue value in values)
                WriteValue(json, field, value);
            json.WriteEndArray();
        }
        else if (type == SpiType.Map)
        {
            json.WriteStartObject();
            foreach (SpiValue entry in values)
                json.WriteString(entry.Key, entry.Utf8);
            json.WriteEndObject();
        }
        else
        {
            WriteValue(json, field, rest.Current);
        }
    }

    private void WriteValue(Utf8JsonWriter json, Field field, SpiValue value)
    {
        switch (field.Definition.Field.Type)
        {
            case SpiType.Bool:
                json.WriteBooleanValue(value.Long != 0);
                break;
            case SpiType.Long or SpiType.Int or SpiType.LongSet or SpiType.IntSet:
                json.WriteNumberValue(value.Long);
                break;
            case SpiType.Double when double.IsFinite(value.Double):
                json.WriteNumberValue(value.Double);
                break;
            case SpiType.Double:
                json.WriteNullValue();
                break;
            case SpiType.Utf8 or SpiType.Utf8Set or SpiType.Utf8List:
                json.WriteStringValue(value.Utf8);
                break;
            case SpiType.Ip or SpiType.IpSet:
                json.WriteStringValue(AddressText.Of(value.Ip));
                break;
            case SpiType.Packed:
                json.WriteStartArray();
                foreach (long number in value.Packed)
                    json.WriteNumberValue(number);
                json.WriteEndArray();
                break;
            default:
                WriteRecord(json, field, value);
                break;
        }
    }

    private void WriteRecord(Utf8JsonWriter json, Field field, SpiValue record)
    {
        // Groups that are open lie outside of the record.
        string[] outside = [.. _open];
        _open.Clear();
        json.WriteStartObject();
        foreach (Field inner in field.Inside)
            WriteField(json, inner, record.Values(inner.Definition.Field));
        OpenGroups(json, []);
        json.WriteEndObject();
        _open.AddRange(outside);
    }

    /// <summary>Closes the groups that the next field is not in, and opens those that it is in.</summary>
    private void OpenGroups(Utf8JsonWriter json, string[] groups)
    {
        int common = 0;
        while (common < groups.Length && common < _open.Count && groups[common] == _open[common])
            common++;
        for (int i = _open.Count; i > common; i--)
            json.WriteEndObject();
        _open.RemoveRange(common, _open.Count - common);
        foreach (string group in groups.AsSpan(common))
        {
            json.WriteStartObject(group);
            _open.Add(group);
        }
    }

    private sealed record Field(FieldDefinition Definition, string[] Groups, string Name)
    {
        public List<Field> Inside { get; } = [];
    }
}

/// <summary>Addresses as text.</summary>
internal static class AddressText
{
    public static string Of(UInt128 address)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        Span<byte> text = stackalloc byte[IpText.MaxBytes];
        return Encoding.ASCII.GetString(text[..IpText.Write(bytes, text)]);
    }
}
