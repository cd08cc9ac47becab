using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Dhcp;

/// <summary>
/// A message of DHCPv6 (RFC 8415 sections 8 and 9).
/// <code>
/// | type (1) | transaction id (3) | options: | code (2) | length (2) | value | …
/// relays: | type (1): 12, 13 | hops (1) | link address (16) | peer address (16) | options
/// vendor class (16): | enterprise number (4) | classes: | length (2) | class | …
/// </code>
/// </summary>
internal static class Dhcp6Message
{
    private const int Shortest = 4;
    private const byte RelayForward = 12;
    private const byte RelayReply = 13;
    private const int RelayHeaderLength = 34;
    private const ushort VendorClass = 16;

    /// <summary>Whether a datagram has a type that there is.</summary>
    public static bool IsOne(ReadOnlySpan<byte> message) => message.Length >= Shortest && !TypeName(message[0]).IsEmpty;

    /// <summary>Adds what a message says.</summary>
    public static void Read(SpiFields to, DhcpFields fields, ReadOnlySpan<byte> message)
    {
        var reader = new PacketReader(message);
        byte type = reader.U8();
        to.Add(fields.Type, TypeName(type));
        if (type is RelayForward or RelayReply)
            reader.Skip(RelayHeaderLength - 1);
        else
            fields.AddId(to, reader.U24());
        while (reader.Remaining >= 4)
        {
            ushort code = reader.U16();
            ReadOnlySpan<byte> value = reader.Take(reader.U16());
            if (!reader.Failed && code == VendorClass)
                ReadClasses(to, fields, value);
        }
    }

    private static void ReadClasses(SpiFields to, DhcpFields fields, ReadOnlySpan<byte> value)
    {
        if (fields.IsArkime)
        {
            // The enterprise number is taken for text, which its first byte ends.
            fields.AddClass(to, value);
            return;
        }
        var reader = new PacketReader(value);
        reader.Skip(4);
        while (reader.Remaining > 2)
            fields.AddClass(to, reader.Take(reader.U16()));
    }

    /// <summary>Message types (IANA, DHCPv6 parameters), an underscore where there it is a hyphen.</summary>
    private static ReadOnlySpan<byte> TypeName(byte type) =>
        type switch
        {
            1 => "SOLICIT"u8,
            2 => "ADVERTISE"u8,
            3 => "REQUEST"u8,
            4 => "CONFIRM"u8,
            5 => "RENEW"u8,
            6 => "REBIND"u8,
            7 => "REPLY"u8,
            8 => "RELEASE"u8,
            9 => "DECLINE"u8,
            10 => "RECONFIGURE"u8,
            11 => "INFORMATION_REQUEST"u8,
            RelayForward => "RELAY_FORW"u8,
            RelayReply => "RELAY_REPL"u8,
            14 => "LEASEQUERY"u8,
            15 => "LEASEQUERY_REPLY"u8,
            16 => "LEASEQUERY_DONE"u8,
            17 => "LEASEQUERY_DATA"u8,
            18 => "RECONFIGURE_REQUEST"u8,
            19 => "RECONFIGURE_REPLY"u8,
            20 => "DHCPV4_QUERY"u8,
            21 => "DHCPV4_RESPONSE"u8,
            22 => "ACTIVELEASEQUERY"u8,
            23 => "STARTTLS"u8,
            _ => default,
        };
}
