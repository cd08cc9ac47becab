using System.Buffers.Binary;
using FlowPipe.Core;
using FlowPipe.Schemas;
using FlowPipe.Schemas.Registry;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>Tells what a message's value is, and reads it. For one thread.</summary>
/// <param name="registry">Knows schemas by number; null where there is no registry.</param>
internal sealed class MessageDecoder(RegisteredSchemas? registry = null) : IDisposable
{
    /// <summary>What Arkime's bulk formats begin with, where each document follows a line of its own.</summary>
    private static ReadOnlySpan<byte> BulkAction => "{\"index\":"u8;

    // Made when the first Avro record comes: Apache.Avro takes its time to load.
    private readonly Dictionary<ulong, WriterSchema> _byFingerprint = [];
    private bool _ownIsThere;

    /// <summary>Lets it read single-object encoding of another schema than this build's.</summary>
    /// <exception cref="FlowPipeException">It is no schema.</exception>
    public void Add(string schema, string name)
    {
        try
        {
            _byFingerprint[AvroSingleObject.FingerprintOf(schema)] = WriterSchema.Of(schema);
        }
        catch (Exception e) when (e is Avro.AvroException or Newtonsoft.Json.JsonException or ArgumentException)
        {
            throw new FlowPipeException($"{name}: this is no Avro schema: {e.Message}", e);
        }
    }

    /// <summary>Adds the records of a message: one, unless it is of Arkime's bulk format.</summary>
    /// <exception cref="FlowPipeException">The registry does not answer.</exception>
    public void Decode(string where, ReadOnlyMemory<byte> value, List<StoredRecord> records, CancellationToken stop)
    {
        ReadOnlySpan<byte> bytes = value.Span;
        if (bytes.StartsWith(BulkAction) && bytes.Contains((byte)'\n'))
            DecodeBulk(where, value, records);
        else if (bytes.TrimStart(" \t\r\n"u8) is [(byte)'{', ..])
            records.Add(new StoredRecord(where) { Json = value });
        else if (bytes is [0xC3, 0x01, ..])
            records.Add(DecodeSingleObject(where, value));
        else if (ConfluentFrame.TryUnframe(value, out int id, out ReadOnlyMemory<byte> record))
            records.Add(DecodeRegistered(where, id, record, stop));
        else
            records.Add(
                new StoredRecord(where)
                {
                    Fault = bytes.IsEmpty
                        ? "it is empty"
                        : "it is neither JSON nor Avro, with a registry's number or a fingerprint before it",
                }
            );
    }

    public void Dispose() => registry?.Dispose();

    private StoredRecord DecodeRegistered(string where, int id, ReadOnlyMemory<byte> record, CancellationToken stop) =>
        registry is null
            ? new StoredRecord(where)
            {
                Fault = $"it is framed for a schema registry (schema {id}); say which with --registry http://HOST:PORT",
            }
            : registry.Get(id, stop).Decode(where, record);

    private StoredRecord DecodeSingleObject(string where, ReadOnlyMemory<byte> value)
    {
        if (value.Length < AvroSingleObject.HeaderLength)
            return new StoredRecord(where) { Fault = "it ends within the header of Avro's single-object encoding" };
        if (!_ownIsThere)
        {
            Add(SessionSchema.Json, "the schema of this build");
            _ownIsThere = true;
        }
        ulong fingerprint = BinaryPrimitives.ReadUInt64LittleEndian(value.Span[2..]);
        if (_byFingerprint.TryGetValue(fingerprint, out WriterSchema? schema))
            return schema.Decode(where, value[AvroSingleObject.HeaderLength..]);
        string shown = Convert.ToHexStringLower(value.Span[2..AvroSingleObject.HeaderLength]);
        return new StoredRecord(where)
        {
            Fault =
                $"its schema (fingerprint {shown}) is not this build's ({Convert.ToHexStringLower(SessionSchema.Fingerprint)}); give the one that it was written with: --schema FILE",
        };
    }

    private static void DecodeBulk(string where, ReadOnlyMemory<byte> value, List<StoredRecord> records)
    {
        while (!value.IsEmpty)
        {
            bool isAction = TakeLine(ref value).Span.StartsWith(BulkAction);
            ReadOnlyMemory<byte> document = TakeLine(ref value);
            records.Add(
                isAction && !document.IsEmpty
                    ? new StoredRecord(where) { Json = document }
                    : new StoredRecord(where) { Fault = "it begins like a bulk request, and does not go on like one" }
            );
        }
    }

    private static ReadOnlyMemory<byte> TakeLine(ref ReadOnlyMemory<byte> text)
    {
        int end = text.Span.IndexOf((byte)'\n');
        ReadOnlyMemory<byte> line = end < 0 ? text : text[..end];
        text = end < 0 ? default : text[(end + 1)..];
        return line;
    }
}
