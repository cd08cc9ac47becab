using System.Buffers.Binary;

namespace FlowPipe.Core.Reading;

/// <summary>What an interface description block says: link type, snap length, and what its time stamps count.</summary>
internal sealed class PcapngInterface
{
    /// <summary>Largest and, negated, smallest time that is let through (the year 2255): sums of a time and a timeout must not overflow.</summary>
    public const long LatestNs = 9_000_000_000 * NanosecondsPerSecond;

    private const long NanosecondsPerSecond = 1_000_000_000;
    private const byte Microseconds = 6;
    private const byte PowerOfTwo = 0x80;
    private const int NanosecondDigits = 9;

    private readonly byte _resolution;
    private readonly long _offsetSeconds;
    private readonly long _direct;
    private readonly ulong _directLimit;

    public PcapngInterface(ushort linkType, uint snapLength, byte resolution = Microseconds, long offsetSeconds = 0)
    {
        LinkType = LinkTypes.Canonical(linkType);
        SnapLength = snapLength;
        _resolution = resolution;
        _offsetSeconds = offsetSeconds;
        if (offsetSeconds == 0 && resolution <= NanosecondDigits)
        {
            _direct = (long)TenTo(NanosecondDigits - resolution);
            _directLimit = (ulong)(LatestNs / _direct);
        }
    }

    /// <summary>Link type of its packets.</summary>
    public ushort LinkType { get; }

    /// <summary>Most bytes captured of a packet; 0 is no limit.</summary>
    public uint SnapLength { get; }

    /// <summary>A time stamp in nanoseconds since 1970-01-01 UTC.</summary>
    public long ToNanoseconds(ulong ticks) => ticks <= _directLimit && _direct != 0 ? (long)ticks * _direct : ToNanosecondsSlowly(ticks);

    /// <summary>
    /// <c>if_tsresol</c>: with the highest bit clear, ticks are 10^-n s; with it set, 2^-n s. <c>if_tsoffset</c>: seconds to add.
    /// </summary>
    private long ToNanosecondsSlowly(ulong ticks)
    {
        int exponent = _resolution & ~PowerOfTwo;
        UInt128 ns;
        if ((_resolution & PowerOfTwo) != 0)
            ns = ((UInt128)ticks * (ulong)NanosecondsPerSecond) >> exponent;
        else if (exponent <= NanosecondDigits)
            ns = (UInt128)ticks * TenTo(NanosecondDigits - exponent);
        else
            ns = exponent - NanosecondDigits > 19 ? 0 : ticks / TenTo(exponent - NanosecondDigits);
        Int128 time = (Int128)ns + ((Int128)_offsetSeconds * NanosecondsPerSecond);
        return (long)Int128.Clamp(time, -LatestNs, LatestNs);
    }

    private static ulong TenTo(int exponent)
    {
        ulong power = 1;
        while (exponent-- > 0)
            power *= 10;
        return power;
    }

    /// <summary>
    /// Reads an interface description block.
    /// <code>
    ///  0 type 1   4 total length   8 link type (16 bit)   10 reserved   12 snap length   16 options …   total length
    ///  option: 0 code   2 length   4 value, padded to 4; code 9 if_tsresol (1 byte), 14 if_tsoffset (8 bytes), 0 end
    /// </code>
    /// </summary>
    public static PcapngInterface Parse(ReadOnlySpan<byte> block, bool swapped)
    {
        byte resolution = Microseconds;
        long offset = 0;
        ReadOnlySpan<byte> options = block[16..^4];
        while (options.Length >= 4)
        {
            ushort code = U16(options, swapped);
            int length = U16(options[2..], swapped);
            options = options[4..];
            if (code == 0 || length > options.Length)
                break;
            if (code == 9 && length == 1)
                resolution = options[0];
            else if (code == 14 && length == 8)
                offset = swapped ? BinaryPrimitives.ReadInt64BigEndian(options) : BinaryPrimitives.ReadInt64LittleEndian(options);
            options = options[Math.Min((length + 3) & ~3, options.Length)..];
        }
        uint snap = swapped ? BinaryPrimitives.ReadUInt32BigEndian(block[12..]) : BinaryPrimitives.ReadUInt32LittleEndian(block[12..]);
        return new PcapngInterface(U16(block[8..], swapped), snap, resolution, offset);
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, bool swapped) =>
        swapped ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
}
