using System.Text.Json.Nodes;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>
/// The sessions3 document that an Avro record ought to have, worked out from docs/records.md and the field dictionary alone: the test's own view,
/// which shares nothing with the writers.
/// </summary>
internal static class DocumentOf
{
    private static readonly FieldDictionary Dictionary = FieldDictionary.Default;

    /// <param name="record">As an Avro reader gave it, times as milliseconds.</param>
    public static JsonObject Record(JsonObject record)
    {
        JsonObject document = Members(record, default, "", "");
        document["packetRange"] = new JsonObject
        {
            ["gte"] = record["first_packet"]!.DeepClone(),
            ["lte"] = record["last_packet"]!.DeepClone(),
        };
        document["fileId"] = new JsonArray();
        return document;
    }

    /// <summary>The members that the fields of one record have, of the session's or of one that repeats in it.</summary>
    private static JsonObject Members(JsonObject record, SpiField parent, string avroPrefix, string sessions3Prefix)
    {
        var document = new JsonObject();
        foreach (FieldDefinition field in Dictionary.Fields)
        {
            if (field.Parent != parent || field.Sessions3 is null)
                continue;
            string[] path = field.Sessions3[sessions3Prefix.Length..].Split('.');
            JsonNode? found = Find(record, field.Avro[avroPrefix.Length..].Split('.'), out bool groupIsThere);
            if (groupIsThere && Value(field, found!) is { } value)
            {
                Put(document, path, value);
                if (field.CountSuffix is { } suffix)
                    Put(document, [.. path[..^1], path[^1] + suffix], found!.AsArray().Count);
            }
        }
        return document;
    }

    /// <summary>What the document shows; null for what stands for absent.</summary>
    private static JsonNode? Value(FieldDefinition field, JsonNode value)
    {
        switch (value)
        {
            case JsonArray { Count: 0 } or JsonObject { Count: 0 }:
                return null;
            case JsonArray sources when field.Sessions3 == "packetPos":
                return Positions(sources);
            case JsonArray records when field.Field.Type == SpiType.RecordSet:
                return Array(records, item => Members(item!.AsObject(), field.Field, field.Avro + "[].", field.Sessions3 + "[]."));
            case JsonArray or JsonObject:
                return value.DeepClone();
        }
        bool isDefault = field.Field.Type switch
        {
            SpiType.Int or SpiType.Long => value.GetValue<long>() == field.Default,
            SpiType.Bool => !value.GetValue<bool>(),
            SpiType.Double => value.GetValue<double>() == 0,
            _ => value.GetValue<string>().Length == 0,
        };
        return isDefault && !field.Always ? null : value.DeepClone();
    }

    /// <summary>Arkime's gaps: each file's number or place, negated; the first position; then the distances, 0 for one equal to that before.</summary>
    private static JsonArray Positions(JsonArray sources)
    {
        var positions = new JsonArray();
        for (int i = 0; i < sources.Count; i++)
        {
            positions.Add(-(i + 1));
            long before = 0;
            foreach (JsonNode? item in sources[i]!["gaps"]!.AsArray())
            {
                long gap = item!.GetValue<long>();
                positions.Add(gap == before ? 0 : gap);
                before = gap;
            }
        }
        return positions;
    }

    private static JsonArray Array<TFrom, TTo>(IEnumerable<TFrom> items, Func<TFrom, TTo> convert)
    {
        var array = new JsonArray();
        foreach (TFrom item in items)
            array.Add(convert(item));
        return array;
    }

    private static JsonNode? Find(JsonObject record, string[] path, out bool groupIsThere)
    {
        JsonNode? at = record;
        foreach (string step in path)
        {
            if (at is null)
            {
                groupIsThere = false;
                return null;
            }
            Assert.True(at.AsObject().ContainsKey(step), $"the record has no {string.Join('.', path)}");
            at = at[step];
        }
        groupIsThere = at is not null;
        return at;
    }

    private static void Put(JsonObject document, string[] path, JsonNode value)
    {
        foreach (string step in path[..^1])
        {
            if (document[step] is not JsonObject inner)
                document[step] = inner = [];
            document = inner;
        }
        document[path[^1]] = value;
    }
}
