using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Tcp;

/// <summary>Flags of the TCP header; AE is the bit that was NS (RFC 9293 section 3.1, RFC 9768).</summary>
[Flags]
internal enum TcpFlags : ushort
{
    Fin = 0x001,
    Syn = 0x002,
    Rst = 0x004,
    Psh = 0x008,
    Ack = 0x010,
    Urg = 0x020,
    Ece = 0x040,
    Cwr = 0x080,
    Ae = 0x100,
}

/// <summary>
/// The TCP header (RFC 9293 section 3.1).
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------------------------------+-------------------------------+
/// |          source port          |       destination port        |
/// +-------------------------------+-------------------------------+
/// |                        sequence number                        |
/// +---------------------------------------------------------------+
/// |                    acknowledgement number                     |
/// +-------+-----+-----------------+-------------------------------+
/// |  off  | rsv |      flags      |            window             |
/// +-------+-----+-----------------+-------------------------------+
/// |            checksum           |         urgent pointer        |
/// +-------------------------------+-------------------------------+
/// </code>
/// </summary>
internal readonly ref struct TcpHeader(in PacketView packet)
{
    public const int MinimumLength = 20;
    private readonly ReadOnlySpan<byte> _bytes = packet.Payload;

    public uint Sequence => BinaryPrimitives.ReadUInt32BigEndian(_bytes[4..]);
    public uint Acknowledged => BinaryPrimitives.ReadUInt32BigEndian(_bytes[8..]);
    public int Length => (_bytes[12] >> 4) * 4;
    public TcpFlags Flags => (TcpFlags)(BinaryPrimitives.ReadUInt16BigEndian(_bytes[12..]) & 0x1FF);
    public ushort Window => BinaryPrimitives.ReadUInt16BigEndian(_bytes[14..]);

    /// <summary>What follows the header and its options; negative when they reach beyond the packet.</summary>
    public int DataLength => _bytes.Length - Length;
    public ReadOnlySpan<byte> Data => _bytes[Length..];
}
