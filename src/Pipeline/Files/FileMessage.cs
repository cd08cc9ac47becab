using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FlowPipe.Pipeline.Files;

/// <summary>What the topic of files says of a file of packets: the whole of it each time, under the file's id as key.</summary>
internal sealed record FileMessage
{
    /// <summary>As records name it in <c>packet_pos.source</c>.</summary>
    public required string Id { get; init; }

    /// <summary><c>open</c>, <c>closed</c> or <c>removed</c>.</summary>
    public required string State { get; init; }

    /// <summary>When that was, by the wall clock.</summary>
    public required DateTimeOffset Time { get; init; }
    public required string Node { get; init; }
    public required string Uri { get; init; }

    /// <summary>Of its packets (<c>LINKTYPE_</c> of tcpdump.org); null of a file that an earlier run has written.</summary>
    public int? LinkType { get; init; }

    /// <summary><c>none</c> or <c>zstd</c>.</summary>
    public required string Compression { get; init; }
    public long? Packets { get; init; }

    /// <summary>Bytes of it, decompressed.</summary>
    public long? Bytes { get; init; }
    public required long DiskBytes { get; init; }

    /// <summary>Time of its first packet, nanoseconds since 1970-01-01 UTC; null before there is one.</summary>
    public long? FirstPacketNs { get; init; }
    public long? LastPacketNs { get; init; }

    /// <summary>Whether packets that were meant for it were lost, as the disk refused them.</summary>
    public bool Cut { get; init; }
}

[JsonSerializable(typeof(FileMessage))]
internal sealed partial class FileJson : JsonSerializerContext
{
    /// <summary>Writes letters as they are: names of files may have any.</summary>
    public static FileJson Plain { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
                DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
