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
    private const ulong Mapped = 0xFFFF_0000_0000;

    /// <summary>Whether it stands for an IPv4 address.</summary>
    public bool IsIPv4 => High == 0 && Low >> 32 == Mapped >> 32;

    /// <summary>The address of four bytes, in network byte order.</summary>
    public static IpAddress ReadIPv4(ReadOnlySpan<byte> bytes) => new(0, Mapped | BinaryPrimitives.ReadUInt32BigEndian(bytes));

    /// <summary>The address of sixteen bytes, in network byte order.</summary>
    public static IpAddress ReadIPv6(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

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
