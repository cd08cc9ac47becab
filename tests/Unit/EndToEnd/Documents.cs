using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>sessions3 documents, compared as sets: partitions work side by side, so the order of the lines is nobody's promise.</summary>
internal static class Documents
{
    /// <summary>One a line.</summary>
    public static List<JsonElement> Parse(string lines) =>
        [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonElement.Parse(line))];

    public static List<JsonElement> OfFile(string path) => Parse(File.ReadAllText(path));

    /// <summary>The lines in one order, without the names of the files that the packets came from.</summary>
    public static string[] Sorted(string lines)
    {
        string[] all = [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(WithoutUris)];
        Array.Sort(all, StringComparer.Ordinal);
        return all;
    }

    /// <summary>The ids of the records, in one order.</summary>
    public static string[] Ids(IEnumerable<JsonElement> documents) =>
        [
            .. documents
                .Select(static document => document.GetProperty("flowpipe").GetProperty("id").GetString()!)
                .Order(StringComparer.Ordinal),
        ];

    private static string WithoutUris(string line)
    {
        JsonNode document = JsonNode.Parse(line)!;
        document["flowpipe"]!.AsObject().Remove("fileUris");
        return document.ToJsonString();
    }
}
