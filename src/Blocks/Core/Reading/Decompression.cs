namespace FlowPipe.Core.Reading;

/// <summary>Decompressors of the formats that are recognised. They stream: however much comes out, memory stays as it is.</summary>
internal static class Decompression
{
    /// <summary>The stream, decompressed; owns it.</summary>
    public static Stream Of(CaptureFormat format, Stream compressed) =>
        format switch
        {
            CaptureFormat.Gzip => new GzipContents(compressed),
            CaptureFormat.Zstandard => new ZstdSharp.DecompressionStream(compressed, leaveOpen: false),
            CaptureFormat.Lz4 => new Lz4Frames(compressed),
            CaptureFormat.Xz => new XzStreams(compressed),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "not a compression"),
        };
}
