using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>A packet to be written to a capture, or as read from one.</summary>
/// <param name="TimestampNs">Nanoseconds since 1970-01-01 UTC.</param>
/// <param name="Data">The captured bytes.</param>
/// <param name="OriginalLength">Bytes on the wire; those captured, if not given.</param>
internal sealed record CapturedPacket(long TimestampNs, byte[] Data, int OriginalLength)
{
    public CapturedPacket(long timestampNs, byte[] data)
        : this(timestampNs, data, data.Length) { }
}

/// <summary>Builds a capture byte by byte; the numbers in it are in one byte order.</summary>
internal abstract class CaptureBuilder(bool bigEndian)
{
    private readonly List<byte> _bytes = [];

    /// <summary>Byte order of what is written next.</summary>
    protected bool BigEndian { get; set; } = bigEndian;

    /// <summary>Where the next byte goes.</summary>
    public int Length => _bytes.Count;

    /// <summary>Where each packet's record or block begins.</summary>
    public List<long> Offsets { get; } = [];

    /// <summary>The capture so far.</summary>
    public byte[] ToArray() => _bytes.ToArray();

    protected void U16(int value)
    {
        Span<byte> bytes = stackalloc byte[2];
        if (BigEndian)
            BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        else
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        Raw(bytes);
    }

    protected void U32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        if (BigEndian)
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Raw(bytes);
    }

    protected void U64(ulong value)
    {
        U32((uint)(BigEndian ? value >> 32 : value));
        U32((uint)(BigEndian ? value : value >> 32));
    }

    protected void Raw(ReadOnlySpan<byte> bytes) => _bytes.AddRange(bytes);

    /// <summary>Writes a number over what was written there.</summary>
    protected void Patch(int offset, uint value)
    {
        Span<byte> bytes = CollectionsMarshal.AsSpan(_bytes)[offset..];
        if (BigEndian)
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
    }
}

/// <summary>A classic capture: <c>new PcapBuilder().Add(packet).ToArray()</c>.</summary>
internal sealed class PcapBuilder : CaptureBuilder
{
    private readonly bool _nanoseconds;
    private readonly int _more;

    /// <param name="nanoseconds">Resolution of its times; else microseconds.</param>
    /// <param name="bigEndian">Its byte order.</param>
    /// <param name="linkType">Its link type, with the flags above it.</param>
    /// <param name="snapLength">Its snap length.</param>
    /// <param name="magic">The magic, where it is neither of the two.</param>
    /// <param name="more">Bytes that a dialect has between a record's header and its frame.</param>
    /// <param name="minor">Its minor version.</param>
    public PcapBuilder(
        bool nanoseconds = false,
        bool bigEndian = false,
        uint linkType = 1,
        uint snapLength = 262_144,
        uint? magic = null,
        int more = 0,
        int minor = 4
    )
        : base(bigEndian)
    {
        _nanoseconds = nanoseconds;
        _more = more;
        U32(magic ?? (nanoseconds ? 0xA1B23C4D : 0xA1B2C3D4));
        U16(2);
        U16(minor);
        U32(0);
        U32(0);
        U32(snapLength);
        U32(linkType);
    }

    public PcapBuilder Add(CapturedPacket packet)
    {
        Record(
            (uint)(packet.TimestampNs / 1_000_000_000),
            (uint)(packet.TimestampNs % 1_000_000_000 / (_nanoseconds ? 1 : 1_000)),
            (uint)packet.Data.Length,
            (uint)packet.OriginalLength
        );
        for (int i = 0; i < _more; i++)
            Raw([(byte)(i * 29)]);
        Raw(packet.Data);
        return this;
    }

    public PcapBuilder AddAll(IEnumerable<CapturedPacket> packets)
    {
        foreach (CapturedPacket packet in packets)
            Add(packet);
        return this;
    }

    /// <summary>A record's header alone, true or not.</summary>
    public PcapBuilder Record(uint seconds, uint fraction, uint captured, uint original)
    {
        Offsets.Add(Length);
        U32(seconds);
        U32(fraction);
        U32(captured);
        U32(original);
        return this;
    }

    /// <summary>Bytes that need not make sense.</summary>
    public PcapBuilder Bytes(params ReadOnlySpan<byte> bytes)
    {
        Raw(bytes);
        return this;
    }
}

/// <summary>A capture of snoop (RFC 1761): <c>new SnoopBuilder().Add(packet).ToArray()</c>.</summary>
internal sealed class SnoopBuilder : CaptureBuilder
{
    public SnoopBuilder(uint dataLinkType = 4, uint version = 2)
        : base(bigEndian: true)
    {
        Raw("snoop\0\0\0"u8);
        U32(version);
        U32(dataLinkType);
    }

    public SnoopBuilder Add(CapturedPacket packet)
    {
        int padding = -packet.Data.Length & 3;
        Record(packet, 24 + packet.Data.Length + padding);
        Raw(packet.Data);
        Raw(new byte[padding]);
        return this;
    }

    /// <summary>A record's header alone, of any length.</summary>
    public SnoopBuilder Record(CapturedPacket packet, int total)
    {
        Offsets.Add(Length);
        U32((uint)packet.OriginalLength);
        U32((uint)packet.Data.Length);
        U32((uint)total);
        U32(7);
        U32((uint)(packet.TimestampNs / 1_000_000_000));
        U32((uint)(packet.TimestampNs % 1_000_000_000 / 1_000));
        return this;
    }
}

/// <summary>A pcapng capture: <c>new PcapngBuilder().Section().Interface().Packet(0, packet).ToArray()</c>.</summary>
internal sealed class PcapngBuilder() : CaptureBuilder(bigEndian: false)
{
    private readonly List<Func<long, ulong>> _clocks = [];

    /// <summary>Begins a section, in a byte order of its own.</summary>
    public PcapngBuilder Section(bool bigEndian = false, long sectionLength = -1, byte[]? options = null)
    {
        BigEndian = bigEndian;
        _clocks.Clear();
        return Block(
            0x0A0D0D0A,
            () =>
            {
                U32(0x1A2B3C4D);
                U16(1);
                U16(0);
                U64((ulong)sectionLength);
                Raw(options);
            }
        );
    }

    /// <summary>Describes the section's next interface.</summary>
    /// <param name="linkType">Its link type.</param>
    /// <param name="snapLength">Its snap length; 0 is none.</param>
    /// <param name="resolution">if_tsresol as it is written: 10^-n, or with bit 7 set 2^-n seconds; null leaves it out, which means 6.</param>
    /// <param name="offsetSeconds">if_tsoffset; 0 leaves it out.</param>
    public PcapngBuilder Interface(int linkType = 1, uint snapLength = 0, byte? resolution = null, long offsetSeconds = 0)
    {
        _clocks.Add(time => Ticks(time - (offsetSeconds * 1_000_000_000), resolution ?? 6));
        return Block(
            1,
            () =>
            {
                U16(linkType);
                U16(0);
                U32(snapLength);
                Option(2, "eth0"u8);
                if (resolution is { } given)
                    Option(9, [given]);
                if (offsetSeconds != 0)
                {
                    U16(14);
                    U16(8);
                    U64((ulong)offsetSeconds);
                }
                Option(0, []);
            }
        );
    }

    /// <summary>An enhanced packet block, with a comment if one is given.</summary>
    public PcapngBuilder Packet(int number, CapturedPacket packet, string? comment = null)
    {
        Offsets.Add(Length);
        return Block(
            6,
            () =>
            {
                U32((uint)number);
                Stamp(number, packet.TimestampNs);
                U32((uint)packet.Data.Length);
                U32((uint)packet.OriginalLength);
                Padded(packet.Data);
                if (comment is not null)
                {
                    Option(1, System.Text.Encoding.UTF8.GetBytes(comment));
                    Option(0, []);
                }
            }
        );
    }

    /// <summary>A simple packet block: no time, always of the first interface.</summary>
    public PcapngBuilder SimplePacket(CapturedPacket packet)
    {
        Offsets.Add(Length);
        return Block(
            3,
            () =>
            {
                U32((uint)packet.OriginalLength);
                Padded(packet.Data);
            }
        );
    }

    /// <summary>The obsolete packet block.</summary>
    public PcapngBuilder ObsoletePacket(int number, CapturedPacket packet)
    {
        Offsets.Add(Length);
        return Block(
            2,
            () =>
            {
                U16(number);
                U16(0xFFFF);
                Stamp(number, packet.TimestampNs);
                U32((uint)packet.Data.Length);
                U32((uint)packet.OriginalLength);
                Padded(packet.Data);
            }
        );
    }

    /// <summary>A block of any type around any body, whose lengths are right.</summary>
    public PcapngBuilder Unknown(uint type, int bodyLength) => Block(type, () => Raw(new byte[bodyLength]));

    /// <summary>Bytes that need not make sense.</summary>
    public PcapngBuilder Bytes(params ReadOnlySpan<byte> bytes)
    {
        Raw(bytes);
        return this;
    }

    /// <summary>A number in the section's byte order.</summary>
    public PcapngBuilder Number(uint value)
    {
        U32(value);
        return this;
    }

    private PcapngBuilder Block(uint type, Action body)
    {
        int begin = Length;
        U32(type);
        U32(0);
        body();
        uint total = (uint)(Length - begin + 4);
        U32(total);
        Patch(begin + 4, total);
        return this;
    }

    private void Stamp(int number, long timestampNs)
    {
        ulong ticks = _clocks[number](timestampNs);
        U32((uint)(ticks >> 32));
        U32((uint)ticks);
    }

    private void Option(int code, ReadOnlySpan<byte> value)
    {
        U16(code);
        U16(value.Length);
        Padded(value);
    }

    private void Padded(ReadOnlySpan<byte> bytes)
    {
        Raw(bytes);
        Raw(new byte[-bytes.Length & 3]);
    }

    /// <summary>Rounds up, so that a reader who rounds down gets back a time that can be written exactly.</summary>
    private static ulong Ticks(long timestampNs, byte resolution)
    {
        int exponent = resolution & 0x7F;
        UInt128 second = 1_000_000_000;
        UInt128 perSecond = 1;
        for (int i = 0; i < exponent; i++)
            perSecond *= (resolution & 0x80) != 0 ? 2u : 10u;
        return (ulong)((((UInt128)timestampNs * perSecond) + second - 1) / second);
    }
}
