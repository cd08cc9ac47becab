using System.Buffers.Binary;

namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// A packet in a block of the ring, behind its header (<c>struct tpacket3_hdr</c>).
/// <code>
///   0                   4                   8                   12
///   |   to the next     |     seconds       |    nanoseconds    |  bytes captured   |
///   |  bytes on wire    |      status       |  to frame | to IP |     flow hash     |
///   | VLAN tag control  | TPID  |  padding  |
/// </code>
/// </summary>
internal readonly unsafe ref struct RingFrame
{
    /// <summary>Room before each frame, so that the tag which the kernel took off can be put back.</summary>
    public const int TagBytes = 4;

    private const uint StatusLosing = 0x4;
    private const uint StatusVlanValid = 0x10;
    private const uint StatusTpidValid = 0x40;
    private const int MacAddresses = 12;
    private const ushort CustomerTag = 0x8100;
    private readonly byte* _header;

    public RingFrame(byte* header) => _header = header;

    /// <summary>From its header to that of the next packet; 0 behind the last.</summary>
    public int NextOffset => *(int*)_header;

    /// <summary>Nanoseconds since 1970-01-01 UTC.</summary>
    public long TimestampNs => (*(uint*)(_header + 4) * 1_000_000_000L) + *(uint*)(_header + 8);

    /// <summary>Whether packets were dropped since the kernel's counters were read last.</summary>
    public bool IsLosing => (*(uint*)(_header + 20) & StatusLosing) != 0;

    /// <summary>The frame as it was on the wire: where it begins, its bytes, and how many it had.</summary>
    public void Restore(bool isEthernet, out byte* frame, out int captured, out int original)
    {
        frame = _header + *(ushort*)(_header + 24);
        captured = *(int*)(_header + 12);
        original = *(int*)(_header + 16);
        uint status = *(uint*)(_header + 20);
        if ((status & StatusVlanValid) == 0 || !isEthernet || captured < MacAddresses)
            return;
        ushort tpid = (status & StatusTpidValid) != 0 ? *(ushort*)(_header + 36) : CustomerTag;
        byte* start = frame - TagBytes;
        Buffer.MemoryCopy(frame, start, MacAddresses, MacAddresses);
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(start + MacAddresses, 2), tpid);
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(start + MacAddresses + 2, 2), *(ushort*)(_header + 32));
        frame = start;
        captured += TagBytes;
        original += TagBytes;
    }
}
