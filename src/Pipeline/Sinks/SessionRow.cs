using System.Globalization;
using System.Text.Json;

namespace FlowPipe.Pipeline.Sinks;

/// <summary>What the table shows of a record.</summary>
internal readonly record struct SessionRow
{
    public long FirstPacketMs { get; init; }
    public long LengthMs { get; init; }
    public string Protocols { get; init; }
    public string Source { get; init; }
    public string Destination { get; init; }
    public long Packets { get; init; }
    public long Bytes { get; init; }
    public string EndReason { get; init; }

    /// <summary>The cells, without what a terminal would take for commands: records may come from anywhere.</summary>
    public string[] Cells() =>
        [
            Time(FirstPacketMs),
            (LengthMs / 1000.0).ToString("0.000", CultureInfo.InvariantCulture),
            Printable(Protocols),
            Printable(Source),
            Printable(Destination),
            Packets.ToString(CultureInfo.InvariantCulture),
            Bytes.ToString(CultureInfo.InvariantCulture),
            Printable(EndReason),
        ];

    /// <summary>Address and port as they are usually written; the port left out when there is none.</summary>
    public static string Endpoint(string address, long port) =>
        address.Length == 0 ? "-"
        : port < 0 ? address
        : address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{port}"
        : $"{address}:{port}";

    /// <summary>The row of a <c>sessions3</c> document.</summary>
    /// <exception cref="JsonException">It is not JSON, or not such a document.</exception>
    public static SessionRow FromSessions3(ReadOnlyMemory<byte> document)
    {
        using JsonDocument json = JsonDocument.Parse(document);
        JsonElement root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            throw new JsonException("not an object");
        JsonElement flowpipe = Member(root, "flowpipe");
        return new SessionRow
        {
            FirstPacketMs = Number(root, "firstPacket", 0),
            LengthMs = Number(root, "length", 0),
            Protocols = Strings(root, "protocol"),
            Source = Endpoint(Text(Member(root, "source"), "ip"), Number(Member(root, "source"), "port", -1)),
            Destination = Endpoint(Text(Member(root, "destination"), "ip"), Number(Member(root, "destination"), "port", -1)),
            Packets = Number(Member(root, "network"), "packets", 0),
            Bytes = Number(Member(root, "network"), "bytes", 0),
            EndReason = Text(flowpipe, "endReason"),
        };
    }

    private static JsonElement Member(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement member) ? member : default;

    private static long Number(JsonElement parent, string name, long otherwise) =>
        Member(parent, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out long value) ? value : otherwise;

    private static string Text(JsonElement parent, string name) =>
        Member(parent, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";

    private static string Strings(JsonElement parent, string name)
    {
        JsonElement array = Member(parent, name);
        if (array.ValueKind != JsonValueKind.Array)
            return "";
        var words = new List<string>();
        foreach (JsonElement item in array.EnumerateArray())
            if (item.ValueKind == JsonValueKind.String)
                words.Add(item.GetString()!);
        return string.Join(' ', words);
    }

    private static string Time(long ms)
    {
        // What a record says may lie outside of what a calendar has.
        long most = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
        long least = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
        return ms < least || ms > most
            ? ms.ToString(CultureInfo.InvariantCulture)
            : DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
    }

    private static string Printable(string text)
    {
        foreach (char c in text)
            if (char.IsControl(c))
                return string.Create(
                    text.Length,
                    text,
                    static (span, from) =>
                    {
                        for (int i = 0; i < span.Length; i++)
                            span[i] = char.IsControl(from[i]) ? '?' : from[i];
                    }
                );
        return text;
    }
}
