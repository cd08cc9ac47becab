using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowPipe.Schemas;

/// <summary>JSON for people: what fits on a line stands on one.</summary>
internal static class ReadableJson
{
    private const int Width = 150;

    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Print(JsonNode node)
    {
        var text = new StringBuilder();
        Print(node, "", text);
        return text.Append('\n').ToString();
    }

    private static void Print(JsonNode? node, string indent, StringBuilder text)
    {
        string line = node?.ToJsonString(Compact) ?? "null";
        if (node is not JsonObject members || indent.Length + line.Length <= Width)
        {
            text.Append(line);
            return;
        }
        string inner = indent + "  ";
        string separator = "{\n";
        foreach ((string name, JsonNode? value) in members)
        {
            text.Append(separator).Append(inner).Append(JsonValue.Create(name).ToJsonString(Compact)).Append(": ");
            Print(value, inner, text);
            separator = ",\n";
        }
        text.Append('\n').Append(indent).Append('}');
    }
}
