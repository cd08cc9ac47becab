using FlowPipe.Core;
using FlowPipe.Core.Emitting;

namespace FlowPipe.Pipeline.Extracting;

/// <summary>The capture that is written: a file or stdout.</summary>
internal static class CaptureOutput
{
    private const int BufferBytes = 1 << 20;
    private const ushort Ethernet = 1; // what an empty capture says

    /// <param name="store">The packets.</param>
    /// <param name="file">The file; null for stdout.</param>
    /// <param name="format">pcap or pcapng.</param>
    /// <exception cref="FlowPipeException">It can't be written, or not in that format.</exception>
    public static void Write(PacketStore store, string? file, string format)
    {
        if (format == "pcap" && store.LinkTypes.Count > 1)
            throw new FlowPipeException(
                $"the packets have different link types ({string.Join(", ", store.LinkTypes)}), which a pcap can't hold: use --format pcapng"
            );
        try
        {
            using FileStream output = file is null ? SinkFile.StandardOutput() : SinkFile.Create(file);
            Write(store, output, format);
        }
        catch (IOException e) when (file is not null)
        {
            throw new FlowPipeException($"-w {file}: it can't be written: {e.Message}", e);
        }
    }

    private static void Write(PacketStore store, Stream output, string format)
    {
        using var buffered = new BufferedStream(output, BufferBytes);
        ushort linkType = store.LinkTypes.Count > 0 ? store.LinkTypes[0] : Ethernet;
        store.WriteTo(format == "pcapng" ? new PcapngWriter(buffered, store.LinkTypes) : new PcapWriter(buffered, linkType));
        buffered.Flush();
    }
}
