using System.Buffers.Binary;

namespace FlowPipe.Parsers.Dns;

/// <summary>
/// The header of a DNS message (RFC 1035 section 4.1.1, RFC 4035 section 3.1.6).
/// <code>
/// | id (2)                                                                              |
/// | QR | opcode (4 bits) | AA | TC | RD |  RA | Z | AD | CD | response code (4 bits)     |
/// | questions (2) | answers (2) | authority (2) | additional (2) |
/// </code>
/// </summary>
/// <param name="message">At least <see cref="Length"/> bytes.</param>
internal readonly ref struct DnsHeader(ReadOnlySpan<byte> message)
{
    /// <summary>Bytes that it takes.</summary>
    public const int Length = 12;

    private readonly ReadOnlySpan<byte> _message = message;

    public ushort Id => BinaryPrimitives.ReadUInt16BigEndian(_message);

    public bool IsResponse => (_message[2] & 0x80) != 0;

    public int Opcode => (_message[2] >> 3) & 0xF;

    /// <summary>AA TC RD RA Z AD CD, in seven bits.</summary>
    public int Flags => ((_message[2] & 0x7) << 4) | (_message[3] >> 4);

    public int ResponseCode => _message[3] & 0xF;

    public int Questions => BinaryPrimitives.ReadUInt16BigEndian(_message[4..]);

    /// <summary>Resource records of all three sections after the questions.</summary>
    public int Records =>
        BinaryPrimitives.ReadUInt16BigEndian(_message[6..])
        + BinaryPrimitives.ReadUInt16BigEndian(_message[8..])
        + BinaryPrimitives.ReadUInt16BigEndian(_message[10..]);
}
