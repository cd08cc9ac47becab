using System.Buffers.Binary;

namespace FlowPipe.Abstractions;

/// <summary>
/// An address of 128 bits; IPv4 as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2). Not <see cref="UInt128"/> itself, because code that touches a
/// type with such a field can't be compiled ahead of time, and sessions are such a type.
/// </summary>
/// <param name="High">The first eight bytes.</param>
/// <param name="Low">The last eight bytes.</param>
public readonly record struct IpAddress(ulong High, ulong Low) : IComparable<IpAddress>
{
    private const int HeaderLength4 = 20;
    private const int HeaderLength6 = 40;
    private const ulong Mapped = 0xFFFF_0000_0000;

    /// <summary>Whether it stands for an IPv4 address.</summary>
    public bool IsIPv4 => High == 0 && Low >> 32 == Mapped >> 32;

    /// <summary>The address of four bytes, in network byte order.</summary>
    public static IpAddress ReadIPv4(ReadOnlySpan<byte> bytes) => new(0, Mapped | BinaryPrimitives.ReadUInt32BigEndian(bytes));

    /// <summary>The address of sixteen bytes, in network byte order.</summary>
    public static IpAddress ReadIPv6(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>Both addresses of an IP header, of either version (RFC 791 section 3.1, RFC 8200 section 3).</summary>
    /// <param name="header">What begins with the header.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="destination">To whom.</param>
    /// <returns>False where no header is, or less than its fixed part.</returns>
    public static bool TryReadPair(ReadOnlySpan<byte> header, out IpAddress source, out IpAddress destination)
    {
        if (header.Length >= HeaderLength4 && header[0] >> 4 == 4)
        {
            source = ReadIPv4(header[12..]);
            destination = ReadIPv4(header[16..]);
            return true;
        }
        if (header.Length >= HeaderLength6 && header[0] >> 4 == 6)
        {
            source = ReadIPv6(header[8..]);
            destination = ReadIPv6(header[24..]);
            return true;
        }
        source = destination = default;
        return false;
    }

    /// <summary>Writes it in network byte order.</summary>
    /// <returns>Bytes written: 4 or 16.</returns>
    public int Write(Span<byte> destination)
    {
        if (IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)Low);
            return 4;
        }
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
        return 16;
    }

    /// <summary>The form in which fields take it.</summary>
    public UInt128 ToUInt128() => new(High, Low);

    /// <inheritdoc/>
    public int CompareTo(IpAddress other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    /// <summary>Whether the left address comes first.</summary>
    public static bool operator <(IpAddress left, IpAddress right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left address comes last.</summary>
    public static bool operator >(IpAddress left, IpAddress right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left address does not come last.</summary>
    public static bool operator <=(IpAddress left, IpAddress right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left address does not come first.</summary>
    public static bool operator >=(IpAddress left, IpAddress right) => left.CompareTo(right) >= 0;
}
