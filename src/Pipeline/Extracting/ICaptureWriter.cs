namespace FlowPipe.Pipeline.Extracting;

/// <summary>Writes a capture.</summary>
internal interface ICaptureWriter
{
    /// <summary>Writes a packet behind the one before it.</summary>
    void Write(in PacketHead head, ReadOnlySpan<byte> frame);
}
