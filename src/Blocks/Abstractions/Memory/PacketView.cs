namespace FlowPipe.Abstractions;

/// <summary>One packet, borrowed: valid until the call that it is given to returns.</summary>
/// <param name="record">What enqueue found.</param>
/// <param name="frame">The captured bytes.</param>
public readonly ref struct PacketView(ref readonly PacketRecord record, ReadOnlySpan<byte> frame)
{
    /// <summary>What enqueue found.</summary>
    public readonly ref readonly PacketRecord Record = ref record;

    /// <summary>The captured bytes, link layer first.</summary>
    public readonly ReadOnlySpan<byte> Frame = frame;

    /// <summary>What follows the IP header: the transport's header and its payload.</summary>
    public ReadOnlySpan<byte> Payload => Frame.Slice(Record.PayloadOffset, Record.PayloadLength);

    /// <summary>Whether the innermost IP header is IPv6.</summary>
    public bool IsIPv6 => Frame[Record.IpOffset] >> 4 == 6;
}
