namespace FlowPipe.Abstractions;

/// <summary>A fragment of an IP datagram (RFC 791 section 3.2, RFC 8200 section 4.5), as the IP layer has read it. Offsets are in bytes.</summary>
public readonly record struct IpFragment
{
    /// <summary>Where the IP header begins in the frame.</summary>
    public required int IpOffset { get; init; }

    /// <summary>Where the fragment's data begins in the frame; for IPv6 right behind the fragment header.</summary>
    public required int DataOffset { get; init; }

    /// <summary>Where the data begins in the datagram's payload.</summary>
    public required int Start { get; init; }

    /// <summary>Where it ends there, by the header; less may have been captured.</summary>
    public required int End { get; init; }

    /// <summary>Whether more follows.</summary>
    public required bool More { get; init; }

    /// <summary>The datagram's identification: 16 bits in IPv4, 32 in IPv6.</summary>
    public required uint Identification { get; init; }

    /// <summary>IPv4: the protocol; IPv6: the next header that the fragment header names.</summary>
    public required byte Protocol { get; init; }
}
