using System.Globalization;
using System.Text;
using System.Text.Json;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Schemas;

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

    /// <summary>The row of an Avro record.</summary>
    public static SessionRow FromValues(SpiFields values) =>
        new()
        {
            FirstPacketMs = values.TryGetLong(RowFields.FirstPacket, out long first) ? first : 0,
            LengthMs = values.TryGetLong(RowFields.Length, out long length) ? length : 0,
            Protocols = Strings(values, RowFields.Protocols),
            Source = Endpoint(Address(values, RowFields.SourceIp), Port(values, RowFields.SourcePort)),
            Destination = Endpoint(Address(values, RowFields.DestinationIp), Port(values, RowFields.DestinationPort)),
            Packets = values.TryGetLong(RowFields.Packets, out long packets) ? packets : 0,
            Bytes = values.TryGetLong(RowFields.Bytes, out long bytes) ? bytes : 0,
            EndReason = Strings(values, RowFields.EndReason),
        };

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

    private static string Address(SpiFields values, SpiField field) =>
        values.TryGetIp(field, out UInt128 address) ? AddressText.Of(address) : "";

    private static long Port(SpiFields values, SpiField field) => values.TryGetLong(field, out long port) ? port : -1;

    private static string Strings(SpiFields values, SpiField field)
    {
        var words = new List<string>();
        foreach (SpiValue value in values.Values(field))
            words.Add(Encoding.UTF8.GetString(value.Utf8));
        return string.Join(' ', words);
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

/// <summary>The fields behind the columns. Apart, so that the dictionary is read only when Avro records are shown.</summary>
internal static class RowFields
{
    public static readonly SpiField FirstPacket = FieldDictionary.Default["first_packet"];
    public static readonly SpiField Length = FieldDictionary.Default["length"];
    public static readonly SpiField Protocols = FieldDictionary.Default["protocols"];
    public static readonly SpiField SourceIp = FieldDictionary.Default["ip.src"];
    public static readonly SpiField SourcePort = FieldDictionary.Default["port.src"];
    public static readonly SpiField DestinationIp = FieldDictionary.Default["ip.dst"];
    public static readonly SpiField DestinationPort = FieldDictionary.Default["port.dst"];
    public static readonly SpiField Packets = FieldDictionary.Default["packets"];
    public static readonly SpiField Bytes = FieldDictionary.Default["bytes"];
    public static readonly SpiField EndReason = FieldDictionary.Default["end_reason"];
}
