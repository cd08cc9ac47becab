using System.Text.Json;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Extracting;

/// <summary>The id of a record, whatever its form.</summary>
internal static class RecordIds
{
    private static readonly SpiField Id = FieldDictionary.Default["id"];

    /// <summary>Null when it has none.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static Guid? Of(in StoredRecord record)
    {
        if (record.Values is { } values)
            return values.TryGetUtf8(Id, out ReadOnlySpan<byte> utf8) && Guid.TryParse(utf8, out Guid id) ? id : null;
        using JsonDocument document = JsonDocument.Parse(record.Json);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            return null;
        if (root.TryGetProperty("flowpipe", out JsonElement group) && group.ValueKind == JsonValueKind.Object)
            root = group;
        return root.TryGetProperty("id", out JsonElement text) && text.ValueKind == JsonValueKind.String && text.TryGetGuid(out Guid found)
            ? found
            : null;
    }
}
