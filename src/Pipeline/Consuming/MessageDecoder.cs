using System.Buffers.Binary;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>Tells what a message's value is, and reads it.</summary>
internal sealed class MessageDecoder
{
    private const byte RegistryMagic = 0;
    private const int RegistryHeader = 5;

    // Made when the first Avro record comes: Apache.Avro takes its time to load.
    private readonly Lazy<AvroSingleObject> _single = new(static () => new AvroSingleObject(SessionSchema.Json));
    private readonly Lazy<SpiRecordDecoder> _decoder = new(static () => new SpiRecordDecoder());

    public StoredRecord Decode(string where, ReadOnlyMemory<byte> value)
    {
        ReadOnlySpan<byte> bytes = value.Span;
        if (bytes.TrimStart(" \t\r\n"u8) is [(byte)'{', ..])
            return new StoredRecord(where) { Json = value };
        if (bytes is [0xC3, 0x01, ..])
            return DecodeAvro(where, value);
        string fault =
            bytes.IsEmpty ? "it is empty"
            : bytes[0] == RegistryMagic && bytes.Length >= RegistryHeader
                ? $"it is framed for a schema registry (schema {BinaryPrimitives.ReadInt32BigEndian(bytes[1..])}), whose records can't be read here"
            : "it is neither JSON nor Avro's single-object encoding";
        return new StoredRecord(where) { Fault = fault };
    }

    private StoredRecord DecodeAvro(string where, ReadOnlyMemory<byte> value)
    {
        if (!_single.Value.TryUnframe(value, out ReadOnlyMemory<byte> record))
        {
            string fingerprint =
                value.Length < AvroSingleObject.HeaderLength
                    ? "none"
                    : Convert.ToHexStringLower(value.Span[2..AvroSingleObject.HeaderLength]);
            return new StoredRecord(where)
            {
                Fault =
                    $"its schema (fingerprint {fingerprint}) is not this build's ({_single.Value.Fingerprint}); consume it with the build that made it",
            };
        }
        try
        {
            var values = new SpiFields();
            _decoder.Value.Decode(record, values);
            return new StoredRecord(where) { Values = values };
        }
        catch (InvalidDataException e)
        {
            return new StoredRecord(where) { Fault = e.Message };
        }
    }
}
