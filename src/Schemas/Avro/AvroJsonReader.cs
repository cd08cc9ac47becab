using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Avro;

namespace FlowPipe.Schemas;

/// <summary>
/// Shows records of any Avro schema as JSON: what others wrote, whose fields we know nothing of. A union's value stands for itself, bytes and
/// fixed are hexadecimal, a double that is no number is null. Not safe for several threads.
/// </summary>
public sealed class AvroJsonReader
{
    private const int DepthMax = 64;

    private static readonly JsonWriterOptions Format = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly Schema _schema;
    private long _itemsLeft;

    /// <param name="schema">The schema that the records were written with, as JSON.</param>
    /// <exception cref="InvalidDataException">It is no Avro schema.</exception>
    public AvroJsonReader(string schema)
    {
        try
        {
            _schema = Schema.Parse(schema);
        }
        catch (Exception e) when (e is AvroException or Newtonsoft.Json.JsonException or ArgumentException or InvalidCastException)
        {
            throw new InvalidDataException($"This is no Avro schema: {e.Message}", e);
        }
    }

    /// <summary>Full name of the records, such as <c>flowpipe.spi.v1.Session</c>; the type's, where it is no record.</summary>
    public string Name => _schema.Fullname;

    /// <summary>Writes one record, without framing, as one line of JSON without a line end.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a record of the schema, or more than one; what was written until then stays.</exception>
    public void Write(ReadOnlyMemory<byte> record, IBufferWriter<byte> destination)
    {
        var decoder = new BoundedDecoder(record);
        _itemsLeft = record.Length + 1L; // items may take no bytes at all: a few bytes must not announce billions of them
        using var json = new Utf8JsonWriter(destination, Format);
        WriteValue(json, _schema, decoder, 0);
        json.Flush();
        if (decoder.Remaining > 0)
            throw new InvalidDataException($"Avro record: {decoder.Remaining} bytes follow its end.");
    }

    private void WriteValue(Utf8JsonWriter json, Schema schema, BoundedDecoder decoder, int depth)
    {
        if (depth > DepthMax)
            throw new InvalidDataException($"Avro record: nested more than {DepthMax} deep.");
        switch (schema)
        {
            case LogicalSchema logical:
                WriteValue(json, logical.BaseSchema, decoder, depth + 1);
                break;
            case RecordSchema record:
                json.WriteStartObject();
                foreach (Field field in record.Fields)
                {
                    json.WritePropertyName(field.Name);
                    WriteValue(json, field.Schema, decoder, depth + 1);
                }
                json.WriteEndObject();
                break;
            case ArraySchema array:
                json.WriteStartArray();
                for (long count = decoder.ReadArrayStart(); count > 0; count = decoder.ReadArrayNext())
                    WriteItems(json, array.ItemSchema, decoder, count, isMap: false, depth);
                json.WriteEndArray();
                break;
            case MapSchema map:
                json.WriteStartObject();
                for (long count = decoder.ReadMapStart(); count > 0; count = decoder.ReadMapNext())
                    WriteItems(json, map.ValueSchema, decoder, count, isMap: true, depth);
                json.WriteEndObject();
                break;
            case UnionSchema union:
                WriteValue(json, union[Index(decoder.ReadUnionIndex(), union.Count, "branches")], decoder, depth + 1);
                break;
            case EnumSchema symbols:
                json.WriteStringValue(symbols[Index(decoder.ReadEnum(), symbols.Count, "symbols")]);
                break;
            case FixedSchema fixedLength:
                byte[] bytes = new byte[Math.Min(fixedLength.Size, decoder.Remaining + 1)]; // one too many fails below, whatever the schema says
                decoder.ReadFixed(bytes);
                json.WriteStringValue(Convert.ToHexStringLower(bytes));
                break;
            default:
                WritePrimitive(json, schema, decoder);
                break;
        }
    }

    private void WriteItems(Utf8JsonWriter json, Schema schema, BoundedDecoder decoder, long count, bool isMap, int depth)
    {
        _itemsLeft -= count;
        if (_itemsLeft < 0)
            throw new InvalidDataException("Avro record: more items than bytes.");
        for (long i = 0; i < count; i++)
        {
            if (isMap)
                json.WritePropertyName(decoder.ReadString());
            WriteValue(json, schema, decoder, depth + 1);
        }
    }

    private static void WritePrimitive(Utf8JsonWriter json, Schema schema, BoundedDecoder decoder)
    {
        switch (schema.Tag)
        {
            case Schema.Type.Null:
                json.WriteNullValue();
                break;
            case Schema.Type.Boolean:
                json.WriteBooleanValue(decoder.ReadBoolean());
                break;
            case Schema.Type.Int:
                json.WriteNumberValue(decoder.ReadInt());
                break;
            case Schema.Type.Long:
                json.WriteNumberValue(decoder.ReadLong());
                break;
            case Schema.Type.Float:
                WriteDouble(json, decoder.ReadFloat());
                break;
            case Schema.Type.Double:
                WriteDouble(json, decoder.ReadDouble());
                break;
            case Schema.Type.Bytes:
                json.WriteStringValue(Convert.ToHexStringLower(decoder.ReadBytes()));
                break;
            case Schema.Type.String:
                json.WriteStringValue(decoder.ReadString());
                break;
            default:
                throw new InvalidDataException($"Avro record: a {schema.Tag} can't be read.");
        }
    }

    private static void WriteDouble(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumberValue(value);
        else
            json.WriteNullValue();
    }

    private static int Index(int index, int count, string what) =>
        (uint)index < (uint)count ? index : throw new InvalidDataException($"Avro record: number {index} of {count} {what}.");
}
