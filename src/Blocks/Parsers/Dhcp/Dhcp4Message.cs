using FlowPipe.Abstractions;
using FlowPipe.Parsers.Dns;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Dhcp;

/// <summary>
/// A message of DHCPv4 (RFC 2131 section 2, options RFC 2132).
/// <code>
///   0 | operation (1): 1 request, 2 reply | hardware type (1) | its address length (1) | hops (1) | transaction id (4) |
///   8 | seconds (2) | flags (2) | client, your, server and relay address (4 each) | client MAC (16) | server's name (64) | file (128) |
/// 236 | 63 82 53 63 | options: | 00 | or | FF, the end | or | code (1) | length (1) | value |
/// </code>
/// </summary>
internal static class Dhcp4Message
{
    /// <summary>Where the client's MAC address is.</summary>
    public const int ClientMac = 28;

    private const int Shortest = 256;
    private const int MagicOffset = 236;
    private const int OptionsOffset = 240;
    private const byte Ethernet = 1;
    private const int MacLength = 6;

    /// <summary>Whether a datagram is a message of an Ethernet client.</summary>
    public static bool IsOne(ReadOnlySpan<byte> message) =>
        message.Length >= Shortest
        && message[0] is 1 or 2
        && message[1] == Ethernet
        && message[2] == MacLength
        && message.Slice(MagicOffset, 4).SequenceEqual(Magic);

    /// <summary>Adds what a message says.</summary>
    public static void Read(SpiFields to, DhcpFields fields, ReadOnlySpan<byte> message)
    {
        fields.AddMac(to, message.Slice(ClientMac, MacLength));
        var header = new PacketReader(message[4..]);
        fields.AddId(to, header.U32());
        var options = new PacketReader(message[OptionsOffset..]);
        while (options.Remaining > 0)
        {
            byte code = options.U8();
            if (code == Pad)
                continue;
            if (code == End)
                break;
            ReadOnlySpan<byte> value = options.Take(options.U8());
            if (options.Failed)
                break;
            ReadOption(to, fields, code, value);
        }
    }

    private const byte Pad = 0;
    private const byte End = 255;

    private static ReadOnlySpan<byte> Magic => [0x63, 0x82, 0x53, 0x63];

    private static void ReadOption(SpiFields to, DhcpFields fields, byte code, ReadOnlySpan<byte> value)
    {
        switch (code)
        {
            case 12: // Host Name
                fields.AddHost(to, value);
                break;
            case 50 when value.Length == 4: // Requested IP Address
                to.AddIp(fields.RequestIp, IpAddress.ReadIPv4(value).ToUInt128());
                break;
            case 53 when value is [var type]: // DHCP Message Type
                ReadOnlySpan<byte> name = TypeName(type);
                if (!name.IsEmpty)
                    to.Add(fields.Type, name);
                break;
            case 60: // Vendor Class Identifier
                fields.AddClass(to, value);
                break;
            case 61 when value.Length == 1 + MacLength && value[0] == Ethernet: // Client-identifier
                fields.AddMac(to, value[1..]);
                break;
            case 81 when value.Length > 3: // Client FQDN
                ReadFullName(to, fields, value[0], value[3..]);
                break;
        }
    }

    /// <summary>RFC 4702 section 2: ASCII, or a domain name as in DNS where flag E is set.</summary>
    private static void ReadFullName(SpiFields to, DhcpFields fields, byte flags, ReadOnlySpan<byte> value)
    {
        const byte IsWireFormat = 4;
        if ((flags & IsWireFormat) == 0)
        {
            fields.AddHost(to, value);
            return;
        }
        Span<byte> name = stackalloc byte[DnsName.LongestText];
        int at = 0;
        if (DnsName.Read(value, value.Length, ref at, name, out int length) == NameFault.None)
            fields.AddHost(to, name[..length]);
    }

    /// <summary>Message types (IANA, BOOTP and DHCP parameters).</summary>
    private static ReadOnlySpan<byte> TypeName(byte type) =>
        type switch
        {
            1 => "DISCOVER"u8,
            2 => "OFFER"u8,
            3 => "REQUEST"u8,
            4 => "DECLINE"u8,
            5 => "ACK"u8,
            6 => "NAK"u8,
            7 => "RELEASE"u8,
            8 => "INFORM"u8,
            9 => "FORCERENEW"u8,
            10 => "LEASEQUERY"u8,
            11 => "LEASEUNASSIGNED"u8,
            12 => "LEASEUNKNOWN"u8,
            13 => "LEASEACTIVE"u8,
            14 => "BULKLEASEQUERY"u8,
            15 => "LEASEQUERYDONE"u8,
            16 => "ACTIVELEASEQUERY"u8,
            17 => "LEASEQUERYSTATUS"u8,
            18 => "TLS"u8,
            _ => default,
        };
}
