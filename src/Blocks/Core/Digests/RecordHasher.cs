using System.Security.Cryptography;
using System.Text.Json;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Digests;

/// <summary>How a record is encoded.</summary>
public enum RecordEncoding : byte
{
    /// <summary>Avro's binary encoding, without framing.</summary>
    Avro,

    /// <summary>A <c>sessions3</c> document, without a line end.</summary>
    Json,
}

/// <summary>
/// The digest of a record: SHA-256 over its id and its encoding,
/// <code>
/// id (16 bytes, big-endian) | encoding, without the value of file_uris
/// </code>
/// so that the same capture under another path has the same digests (DESIGN section 6). One per thread.
/// </summary>
public sealed class RecordHasher : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Computes it.</summary>
    /// <param name="id">The record's id.</param>
    /// <param name="encoding">The record, as encoded.</param>
    /// <param name="uris">Where the value of <c>file_uris</c> lies in it.</param>
    /// <param name="digest">Takes 32 bytes.</param>
    public void Hash(Guid id, ReadOnlySpan<byte> encoding, Range uris, Span<byte> digest)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        _hash.AppendData(bytes);
        _hash.AppendData(encoding[..uris.Start.Value]);
        _hash.AppendData(encoding[uris.End.Value..]);
        _hash.GetHashAndReset(digest);
    }

    public void Dispose() => _hash.Dispose();
}

/// <summary>Finds id and file URIs in an Avro record. One per thread.</summary>
public sealed class AvroContent(string schema)
{
    private readonly AvroRecordWalker _walker = new(schema, "id", "file_uris");
    private readonly Range[] _places = new Range[2];

    /// <summary>Looks at the first record of some bytes.</summary>
    /// <param name="data">A record, and perhaps others behind it.</param>
    /// <param name="id">Its id; empty when it has none.</param>
    /// <param name="uris">Where the value of <c>file_uris</c> lies.</param>
    /// <returns>Bytes that the record takes.</returns>
    /// <exception cref="InvalidDataException">The bytes are no record of the schema.</exception>
    public int Find(ReadOnlySpan<byte> data, out Guid id, out Range uris)
    {
        int length = _walker.Walk(data, _places);
        uris = _places[1];
        if (!Guid.TryParseExact(System.Text.Encoding.UTF8.GetString(AvroRecordWalker.Text(data[_places[0]])), "D", out id))
            id = default;
        return length;
    }

    /// <summary>Where the value of <c>file_uris</c> lies, for who knows the id.</summary>
    public Range Uris(ReadOnlySpan<byte> record)
    {
        _walker.Walk(record, _places);
        return _places[1];
    }
}

/// <summary>Finds id and file URIs in a <c>sessions3</c> document: members of its object <c>flowpipe</c>.</summary>
public static class JsonContent
{
    /// <summary>Looks at a document.</summary>
    /// <param name="document">One JSON object.</param>
    /// <param name="id">Its <c>flowpipe.id</c>; empty when it has none.</param>
    /// <param name="uris">Where the value of <c>flowpipe.fileUris</c> lies; empty when there is none.</param>
    /// <exception cref="InvalidDataException">It is no JSON object.</exception>
    public static void Find(ReadOnlySpan<byte> document, out Guid id, out Range uris)
    {
        id = default;
        uris = 0..0;
        var json = new Utf8JsonReader(document);
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
                throw new InvalidDataException("it is not a JSON object");
            while (json.Read())
            {
                if (json.CurrentDepth == 1 && json.TokenType == JsonTokenType.PropertyName)
                {
                    bool ours = json.ValueTextEquals("flowpipe"u8);
                    json.Read();
                    if (ours && json.TokenType == JsonTokenType.StartObject)
                        FindInside(ref json, ref id, ref uris);
                    else
                        json.Skip();
                }
            }
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"it is not JSON: {e.Message}", e);
        }
    }

    private static void FindInside(ref Utf8JsonReader json, ref Guid id, ref Range uris)
    {
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            bool isId = json.ValueTextEquals("id"u8);
            bool isUris = json.ValueTextEquals("fileUris"u8);
            json.Read();
            int start = (int)json.TokenStartIndex;
            if (isId && json.TokenType == JsonTokenType.String && json.TryGetGuid(out Guid found))
                id = found;
            json.Skip();
            if (isUris)
                uris = start..(int)json.BytesConsumed;
        }
    }
}
