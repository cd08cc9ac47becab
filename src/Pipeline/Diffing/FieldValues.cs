using System.Buffers;
using System.Text.Json;
using FlowPipe.Core.Digests;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Pipeline.Verifying;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Diffing;

/// <summary>
/// A record's fields by their paths, with their values as JSON text: <c>dns[0].host</c>, <c>source.port</c>. Lists of plain values are one value.
/// One per source and thread.
/// </summary>
internal sealed class FieldValues(RawSource source)
{
    private readonly AvroNamesWriter _names = new();
    private readonly Sessions3Writer _sessions3 = new();
    private readonly SpiRow _none = new();
    private readonly ArrayBufferWriter<byte> _json = new();
    private SpiRecordDecoder? _decoder;

    /// <summary>The fields of a record, but where its capture was found.</summary>
    /// <param name="encoding">How it is encoded.</param>
    /// <param name="content">The record.</param>
    /// <param name="asDocument">Whether an Avro record is to be shown as a <c>sessions3</c> document, to compare it with one.</param>
    /// <exception cref="InvalidDataException">It can't be read.</exception>
    public SortedDictionary<string, string> Of(RecordEncoding encoding, ReadOnlyMemory<byte> content, bool asDocument)
    {
        var fields = new SortedDictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                encoding == RecordEncoding.Json ? content : ToJson(Decode(content), asDocument)
            );
            Flatten(document.RootElement, "", fields);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
        fields.Remove("file_uris");
        fields.Remove("flowpipe.fileUris");
        return fields;
    }

    /// <summary>What the table shows of a record: when, what, who with whom.</summary>
    public string Summary(RecordEncoding encoding, ReadOnlyMemory<byte> content)
    {
        try
        {
            string[] cells = (
                encoding == RecordEncoding.Json ? Sinks.SessionRow.FromSessions3(content) : Sinks.SessionRow.FromValues(Decode(content))
            ).Cells();
            return $"{cells[0]}  {cells[2]}  {cells[3]}  {cells[4]}";
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            return "";
        }
    }

    private SpiFields Decode(ReadOnlyMemory<byte> content)
    {
        _decoder ??= new SpiRecordDecoder(source.Schema!);
        var values = new SpiFields();
        _decoder.Decode(content, values);
        return values;
    }

    private ReadOnlyMemory<byte> ToJson(SpiFields values, bool asDocument)
    {
        _json.ResetWrittenCount();
        if (asDocument)
            _sessions3.Write(_none, values, _json);
        else
            _names.Write(values, _json);
        return _json.WrittenMemory;
    }

    private static void Flatten(JsonElement element, string path, SortedDictionary<string, string> fields)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in element.EnumerateObject())
                    Flatten(member.Value, path.Length == 0 ? member.Name : $"{path}.{member.Name}", fields);
                break;
            case JsonValueKind.Array when HasObjects(element):
                int i = 0;
                foreach (JsonElement item in element.EnumerateArray())
                    Flatten(item, $"{path}[{i++}]", fields);
                break;
            default:
                fields[path] = element.GetRawText();
                break;
        }
    }

    private static bool HasObjects(JsonElement array)
    {
        foreach (JsonElement item in array.EnumerateArray())
            if (item.ValueKind == JsonValueKind.Object)
                return true;
        return false;
    }
}
