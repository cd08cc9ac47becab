using System.Buffers;

namespace FlowPipe.Schemas;

/// <summary>Writes a record as an Arkime <c>sessions3</c> document. One per thread.</summary>
public sealed class Sessions3Writer
{
    /// <summary>Writes one JSON object, without a line end.</summary>
    public void Write(SpiFields core, SpiFields session, IBufferWriter<byte> destination) => throw new NotSupportedException();
}
