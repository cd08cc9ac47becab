using System.Buffers;

namespace FlowPipe.Schemas;

/// <summary>
/// Encodes a record in Avro's binary form (specification 1.12, "Binary encoding"), straight from the values. One per partition: it keeps
/// scratch memory and is not safe for several threads.
/// </summary>
public sealed class SpiRecordEncoder
{
    /// <summary>Encodes the record whose values lie in two stores with no field in common: the core's and the session's.</summary>
    /// <returns>False when the destination is too small; nothing counts as written then.</returns>
    public bool TryEncode(SpiFields core, SpiFields session, Span<byte> destination, out int written) => throw new NotSupportedException();
}

/// <summary>Writes a record as an Arkime <c>sessions3</c> document. One per thread.</summary>
public sealed class Sessions3Writer
{
    /// <summary>Writes one JSON object, without a line end.</summary>
    public void Write(SpiFields core, SpiFields session, IBufferWriter<byte> destination) => throw new NotSupportedException();
}
