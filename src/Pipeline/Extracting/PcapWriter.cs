using FlowPipe.Core.Writing;

namespace FlowPipe.Pipeline.Extracting;

/// <summary>Writes the classic format (<see cref="PcapLayout"/>).</summary>
internal sealed class PcapWriter : ICaptureWriter
{
    private readonly Stream _output;

    public PcapWriter(Stream output, ushort linkType)
    {
        _output = output;
        Span<byte> header = stackalloc byte[PcapLayout.FileHeaderLength];
        PcapLayout.WriteFileHeader(header, linkType);
        output.Write(header);
    }

    public void Write(in PacketHead head, ReadOnlySpan<byte> frame)
    {
        Span<byte> header = stackalloc byte[PcapLayout.RecordHeaderLength];
        PcapLayout.WriteRecordHeader(header, head.TimestampNs, frame.Length, head.OriginalLength);
        _output.Write(header);
        _output.Write(frame);
    }
}
