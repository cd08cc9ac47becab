using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// Adds a tag to records that are encoded already. They are decoded for it, which is slow: it is for what happens seldom and is not known when a record is
/// made.
/// </summary>
internal sealed class RecordTagger(ReadOnlySpan<byte> tag)
{
    public static readonly SpiField Tags = FieldDictionary.Default["tags"];
    private readonly byte[] _tag = tag.ToArray();
    private readonly SpiRecordDecoder _decoder = new();
    private readonly SpiRecordEncoder _encoder = new();
    private readonly SpiRow _row = new();
    private readonly BatchJsonWriter _json = new();

    /// <summary>Tags a record of a batch, in each form that it has.</summary>
    public void Tag(SpiRecord record, SpiBatch batch)
    {
        if (!record.AvroRange.Equals(default))
            TagAvro(record, batch);
        if (!record.JsonRange.Equals(default))
            TagJson(record, batch);
    }

    private void TagAvro(SpiRecord record, SpiBatch batch)
    {
        var values = new SpiFields();
        _decoder.Decode(batch.Avro.AsMemory(record.AvroRange), values);
        values.Add(Tags, _tag);
        record.AvroRange = batch.AddAvro(_encoder, _row, values);
    }

    private void TagJson(SpiRecord record, SpiBatch batch)
    {
        JsonObject document = JsonNode.Parse(batch.JsonOf(record))!.AsObject();
        string text = Encoding.UTF8.GetString(_tag);
        if (document["tags"] is not JsonArray tags)
            document["tags"] = tags = [];
        if (!Has(tags, text))
            tags.Add(text);
        document["tagsCnt"] = tags.Count;
        int start = batch.JsonLength;
        using (var json = new Utf8JsonWriter(_json.For(batch)))
            document.WriteTo(json);
        record.JsonRange = start..batch.JsonLength;
    }

    private static bool Has(JsonArray tags, string text)
    {
        foreach (JsonNode? tag in tags)
        {
            if (tag?.GetValue<string>() == text)
                return true;
        }
        return false;
    }
}
