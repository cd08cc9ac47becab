using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowPipe.Tests.Unit.EndToEnd.Live;

/// <summary>
/// Documents of a live run and of a replay, compared but for what must differ: two listeners stamp a packet a moment apart, ids are made of where
/// it was seen, and only files have positions.
/// </summary>
internal static class LiveDocuments
{
    private static readonly string[] OfTime =
    [
        "firstPacket",
        "lastPacket",
        "length",
        "packetRange",
        "initRTT",
        "packetPos",
        "packetLen",
        "fileId",
        "node",
    ];
    private static readonly string[] OfIdentity = ["id", "fileUris", "positions"];

    /// <summary>The lines without that, in one order.</summary>
    public static string[] Comparable(string lines)
    {
        string[] all = [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Comparable1)];
        Array.Sort(all, StringComparer.Ordinal);
        return all;
    }

    /// <summary>The figures of a run.</summary>
    public static JsonElement Figures(string file) => JsonElement.Parse(File.ReadAllBytes(file));

    /// <summary>That what was read is what the kernel says it has given us, to the packet, and that it all is accounted for.</summary>
    public static long AssertBalanced(JsonElement figures)
    {
        JsonElement reader = figures.GetProperty("reader");
        long read = reader.GetProperty("packets").GetInt64();
        Assert.Equal(reader.GetProperty("kernelPackets").GetInt64() - reader.GetProperty("kernelDropped").GetInt64(), read);
        Assert.True(figures.GetProperty("ledger").GetProperty("balanced").GetBoolean(), figures.GetProperty("ledger").ToString());
        return read;
    }

    private static string Comparable1(string line)
    {
        JsonObject document = JsonNode.Parse(line)!.AsObject();
        foreach (string name in OfTime)
            document.Remove(name);
        foreach (string name in OfIdentity)
            document["flowpipe"]!.AsObject().Remove(name);
        return document.ToJsonString();
    }
}
