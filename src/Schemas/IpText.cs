using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace FlowPipe.Schemas;

/// <summary>Addresses as text: IPv4-mapped ones as dotted quads, others as RFC 5952 section 4 recommends.</summary>
public static class IpText
{
    /// <summary>The longest text: eight groups of four digits and what stands between them.</summary>
    public const int MaxBytes = 39;

    private const int Groups = 8;

    // ::ffff:0:0/96, RFC 4291 section 2.5.5.2
    private static ReadOnlySpan<byte> MappedPrefix => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];

    /// <summary>Writes an address of 16 bytes in network order.</summary>
    /// <param name="address">The address.</param>
    /// <param name="destination">Room for <see cref="MaxBytes"/>.</param>
    /// <returns>The number of bytes written.</returns>
    public static int Write(ReadOnlySpan<byte> address, Span<byte> destination)
    {
        if (IsIPv4(address))
            return WriteQuad(address[MappedPrefix.Length..], destination);
        FindZeros(address, out int zeros, out int count);
        int at = 0;
        for (int i = 0; i < Groups; i++)
        {
            if (i == zeros)
            {
                destination[at++] = (byte)':';
                destination[at++] = (byte)':';
                i += count - 1;
                continue;
            }
            if (i > 0 && i != zeros + count)
                destination[at++] = (byte)':';
            at += WriteHex(BinaryPrimitives.ReadUInt16BigEndian(address[(2 * i)..]), destination[at..]);
        }
        return at;
    }

    /// <summary>Whether an address of 16 bytes stands for one of IPv4.</summary>
    internal static bool IsIPv4(ReadOnlySpan<byte> address) => address[..MappedPrefix.Length].SequenceEqual(MappedPrefix);

    /// <summary>Reads what <see cref="Write"/> has written, or any other form of an address; IPv4 as IPv4-mapped IPv6.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out UInt128 address)
    {
        address = default;
        if (!IPAddress.TryParse(text, out IPAddress? parsed) || text.Contains('%'))
            return false;
        Span<byte> bytes = stackalloc byte[16];
        MappedPrefix.CopyTo(bytes);
        parsed.TryWriteBytes(parsed.AddressFamily == AddressFamily.InterNetwork ? bytes[MappedPrefix.Length..] : bytes, out _);
        address = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return true;
    }

    /// <summary>The longest run of two or more zero groups, the first of several (RFC 5952 sections 4.2.2 and 4.2.3).</summary>
    private static void FindZeros(ReadOnlySpan<byte> address, out int start, out int count)
    {
        start = -1;
        count = 1;
        int run = 0;
        for (int i = 0; i < Groups; i++)
        {
            run = (address[2 * i] | address[(2 * i) + 1]) == 0 ? run + 1 : 0;
            if (run > count)
                (start, count) = (i - run + 1, run);
        }
        if (start < 0)
            count = 0;
    }

    private static int WriteQuad(ReadOnlySpan<byte> address, Span<byte> destination)
    {
        int at = 0;
        for (int i = 0; i < 4; i++)
        {
            if (i > 0)
                destination[at++] = (byte)'.';
            int value = address[i];
            if (value >= 100)
                destination[at++] = (byte)('0' + (value / 100));
            if (value >= 10)
                destination[at++] = (byte)('0' + (value / 10 % 10));
            destination[at++] = (byte)('0' + (value % 10));
        }
        return at;
    }

    private static int WriteHex(ushort group, Span<byte> destination)
    {
        int at = 0;
        bool started = false;
        for (int shift = 12; shift >= 0; shift -= 4)
        {
            int digit = (group >> shift) & 0xF;
            started |= digit != 0 || shift == 0;
            if (started)
                destination[at++] = (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);
        }
        return at;
    }
}
