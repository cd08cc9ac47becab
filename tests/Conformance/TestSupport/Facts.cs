using System.Text.Json.Nodes;

namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>A JSON document as a sorted list of "path = value": what differs between two is then plain to see.</summary>
internal static class Facts
{
    public static List<string> Of(JsonNode document)
    {
        List<string> facts = [];
        Add(document, "", facts);
        facts.Sort(StringComparer.Ordinal);
        return facts;
    }

    private static void Add(JsonNode? node, string path, List<string> facts)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                foreach ((string name, JsonNode? value) in members)
                    Add(value, $"{path}.{name}", facts);
                break;
            case JsonArray { Count: > 0 } items:
                for (int i = 0; i < items.Count; i++)
                    Add(items[i], $"{path}[{i}]", facts);
                break;
            default:
                facts.Add($"{path} = {node?.ToJsonString() ?? "null"}");
                break;
        }
    }
}
