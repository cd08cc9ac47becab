using System.Text.Json.Nodes;

namespace FlowPipe.Schemas.Registry;

/// <summary>
/// Schemas that another one refers to by their names. Avro itself knows no such thing: a name stands for what was defined before it in the same
/// text, so each definition is put where its name is used first.
/// </summary>
internal sealed class ReferencedSchemas
{
    private readonly Dictionary<string, string> _byName = new(StringComparer.Ordinal);

    public bool Has(string name) => _byName.ContainsKey(name);

    public void Add(string name, string schema) => _byName.TryAdd(name, schema);

    /// <exception cref="System.Text.Json.JsonException">One of the schemas is not JSON.</exception>
    public string PutInto(string schema)
    {
        if (_byName.Count == 0)
            return schema;
        JsonNode? root = Replace(JsonNode.Parse(schema), "", new HashSet<string>(StringComparer.Ordinal));
        return root?.ToJsonString() ?? schema;
    }

    private JsonNode? Replace(JsonNode? type, string space, HashSet<string> defined)
    {
        switch (type)
        {
            case JsonValue value when value.TryGetValue(out string? name):
                string full = name.Contains('.', StringComparison.Ordinal) || space.Length == 0 ? name : $"{space}.{name}";
                string? found =
                    _byName.ContainsKey(full) ? full
                    : _byName.ContainsKey(name) ? name
                    : null;
                // What follows the first definition is only named.
                return found is null || !defined.Add(found) ? type.DeepClone() : Replace(JsonNode.Parse(_byName[found]), "", defined);
            case JsonArray union:
                var branches = new JsonArray();
                foreach (JsonNode? branch in union)
                    branches.Add(Replace(branch, space, defined));
                return branches;
            case JsonObject definition:
                return ReplaceIn(definition, space, defined);
            default:
                return type?.DeepClone();
        }
    }

    private JsonObject ReplaceIn(JsonObject definition, string space, HashSet<string> defined)
    {
        string name = Text(definition, "name");
        string inside =
            Text(definition, "namespace") is { Length: > 0 } own ? own
            : name.LastIndexOf('.') is > 0 and int dot ? name[..dot]
            : space;
        var copy = new JsonObject();
        foreach ((string key, JsonNode? value) in definition)
        {
            copy[key] = key switch
            {
                "type" or "items" or "values" => Replace(value, inside, defined),
                "fields" when value is JsonArray fields => ReplaceFields(fields, inside, defined),
                _ => value?.DeepClone(),
            };
        }
        return copy;
    }

    private JsonArray ReplaceFields(JsonArray fields, string space, HashSet<string> defined)
    {
        var copy = new JsonArray();
        foreach (JsonNode? field in fields)
        {
            if (field?.DeepClone() is JsonObject one)
            {
                one["type"] = Replace(one["type"], space, defined);
                copy.Add(one);
            }
            else
            {
                copy.Add(field?.DeepClone());
            }
        }
        return copy;
    }

    private static string Text(JsonObject definition, string name) =>
        definition[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";
}
