using System.Text;
using Avro;
using Avro.Generic;

namespace FlowPipe.Schemas;

/// <summary>
/// Turns Avro records back into values, so that whoever consumes them uses the same writers as who makes them. The record may have been
/// written with another version of the schema: Apache.Avro resolves it to ours. Not safe for several threads.
/// </summary>
public sealed class SpiRecordDecoder
{
    private readonly FieldDictionary _dictionary;
    private readonly GenericDatumReader<GenericRecord> _reader;
    private byte[] _packed = new byte[256];

    /// <summary>Makes a decoder of records that were written with our schema.</summary>
    public SpiRecordDecoder()
        : this(SessionSchema.Parsed, SessionSchema.Parsed, FieldDictionary.Default) { }

    /// <summary>Makes a decoder of records that were written with some schema, as JSON.</summary>
    /// <exception cref="InvalidDataException">It is no schema, or its records cannot be read as ours.</exception>
    public SpiRecordDecoder(string writerSchema)
        : this(Parse(writerSchema), SessionSchema.Parsed, FieldDictionary.Default) { }

    /// <summary>Makes a decoder for two schemas, the reader's made from the dictionary given.</summary>
    /// <exception cref="InvalidDataException">Records of the one cannot be read as the other's.</exception>
    public SpiRecordDecoder(Schema writerSchema, Schema readerSchema, FieldDictionary dictionary)
    {
        if (SchemaCompatibility.Check(readerSchema, writerSchema) is [var first, ..])
            throw new InvalidDataException($"Records of this schema can't be read as FlowPipe's sessions: {first}.");
        _dictionary = dictionary;
        _reader = new GenericDatumReader<GenericRecord>(writerSchema, readerSchema);
    }

    /// <summary>Decodes one record, without framing, into an empty store.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a record of the writer's schema, or more than one.</exception>
    public void Decode(ReadOnlyMemory<byte> record, SpiFields values)
    {
        int left = record.Length - DecodeNext(record, values);
        if (left > 0)
            throw new InvalidDataException($"Avro record: {left} bytes follow its end.");
    }

    /// <summary>Decodes the first of several records that follow each other, as in the blocks of a container file, into an empty store.</summary>
    /// <returns>The bytes that it takes.</returns>
    /// <exception cref="InvalidDataException">The bytes do not begin with a record of the writer's schema.</exception>
    public int DecodeNext(ReadOnlyMemory<byte> record, SpiFields values)
    {
        var decoder = new BoundedDecoder(record);
        GenericRecord decoded;
        try
        {
            decoded = _reader.Read(null!, decoder);
        }
        catch (Exception e)
            when (e is AvroException or ArgumentException or IndexOutOfRangeException or OverflowException or InvalidCastException)
        {
            throw new InvalidDataException($"Avro record: {e.Message}", e);
        }
        Copy(decoded, values);
        return record.Length - decoder.Remaining;
    }

    /// <summary>Copies a record that Apache.Avro has decoded to our schema, such as one of a container file, into an empty store.</summary>
    public void Copy(GenericRecord record, SpiFields values) => Copy(_dictionary.Root, record, values);

    private static Schema Parse(string json)
    {
        try
        {
            return Schema.Parse(json);
        }
        catch (Exception e) when (e is AvroException or Newtonsoft.Json.JsonException or ArgumentException)
        {
            throw new InvalidDataException($"This is no Avro schema: {e.Message}", e);
        }
    }

    private bool Copy(FieldScope scope, GenericRecord record, SpiFields values)
    {
        bool any = false;
        foreach (FieldNode node in scope.Nodes)
        {
            object? value = record[node.Name];
            if (node.Definition is { } field)
                any |= CopyField(node, field, value, values);
            else if (value is GenericRecord group)
                any |= CopyGroup(node.Scope!, group, values);
        }
        return any;
    }

    /// <summary>
    /// A group or record that is there without a value that differs from its default must stay there: documents show its <c>always</c>
    /// fields.
    /// </summary>
    private bool CopyGroup(FieldScope scope, GenericRecord group, SpiFields values)
    {
        if (Copy(scope, group, values))
            return true;
        foreach (FieldNode node in scope.Nodes)
        {
            switch (node.Definition)
            {
                case { Field.Type: SpiType.Long or SpiType.Int or SpiType.Bool } mark:
                    return values.Add(mark.Field, mark.Default);
                case { Field.Type: SpiType.Utf8 } mark:
                    return values.Add(mark.Field, ""u8);
                case { Field.Type: SpiType.Double } mark:
                    return values.Add(mark.Field, 0.0);
            }
        }
        return false;
    }

    private bool CopyField(FieldNode node, FieldDefinition definition, object? value, SpiFields values)
    {
        SpiField field = definition.Field;
        switch (value)
        {
            case null:
                return false;
            case DateTime time:
                return CopyLong(definition, new DateTimeOffset(time).ToUnixTimeMilliseconds(), values);
            case int number:
                return CopyLong(definition, number, values);
            case long number:
                return CopyLong(definition, number, values);
            case bool truth:
                return truth && values.Add(field, 1);
            case double number:
                return BitConverter.DoubleToInt64Bits(number) != 0 && values.Add(field, number);
            case string text:
                return text.Length > 0 && CopyText(field, text, values);
            case IDictionary<string, object> map:
                return CopyMap(field, map, values);
            case Array array when field.Type == SpiType.Packed:
                return CopyPacked(field, array, values);
            case Array array:
                return CopySet(node, definition, array, values);
            default:
                throw new InvalidDataException($"Avro record: {definition.Avro} is a {value.GetType().Name}.");
        }
    }

    private static bool CopyLong(FieldDefinition definition, long value, SpiFields values) =>
        value != definition.Default && values.Add(definition.Field, value);

    private static bool CopyText(SpiField field, string text, SpiFields values)
    {
        if (field.Type is not (SpiType.Ip or SpiType.IpSet))
            return values.Add(field, Encoding.UTF8.GetBytes(text));
        return IpText.TryParse(text, out UInt128 address)
            ? values.AddIp(field, address)
            : throw new InvalidDataException($"Avro record: '{text}' is no address.");
    }

    private static bool CopyMap(SpiField field, IDictionary<string, object> map, SpiFields values)
    {
        bool any = false;
        foreach ((string key, object value) in map)
            any |= values.AddEntry(field, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes((string)value));
        return any;
    }

    private bool CopyPacked(SpiField field, Array array, SpiFields values)
    {
        if (array.Length == 0)
            return false;
        int length = 0;
        foreach (object item in array)
        {
            if (_packed.Length - length < Varint.MaxBytes)
                Array.Resize(ref _packed, 2 * _packed.Length);
            length += Varint.Write(_packed.AsSpan(length), Varint.ZigZag(item is int number ? number : (long)item));
        }
        return values.AddPacked(field, array.Length, _packed.AsSpan(0, length));
    }

    private bool CopySet(FieldNode node, FieldDefinition definition, Array array, SpiFields values)
    {
        bool any = false;
        foreach (object item in array)
        {
            switch (item)
            {
                case GenericRecord record:
                    values.Begin(definition.Field);
                    CopyGroup(node.Scope!, record, values);
                    any |= values.End(definition.Field);
                    break;
                case string text:
                    any |= CopyText(definition.Field, text, values);
                    break;
                default:
                    any |= values.Add(definition.Field, item is int number ? number : (long)item);
                    break;
            }
        }
        return any;
    }
}
