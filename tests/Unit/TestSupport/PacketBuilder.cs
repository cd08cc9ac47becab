using System.Buffers.Binary;
using System.Net;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>Frames byte by byte, each layer around the one inside it. Checksums are left 0: nothing here looks at them.</summary>
internal static class PacketBuilder
{
    public const ushort IPv4Type = 0x0800;
    public const ushort IPv6Type = 0x86DD;
    public const ushort Dot1q = 0x8100;
    public const ushort Dot1ad = 0x88A8;
    public const byte IcmpNumber = 1;
    public const byte TcpNumber = 6;
    public const byte UdpNumber = 17;
    public const byte IcmpV6Number = 58;
    public const byte SctpNumber = 132;

    public const string MacA = "02:00:00:00:00:0a";
    public const string MacB = "02:00:00:00:00:0b";

    /// <summary>Ethernet, with VLAN tags from the outside in.</summary>
    public static byte[] Ethernet(
        ushort etherType,
        byte[] payload,
        string source = MacA,
        string destination = MacB,
        params (ushort Type, int Id)[] tags
    ) =>
        [
            .. Mac(destination),
            .. Mac(source),
            .. tags.SelectMany(tag => (byte[])[.. U16(tag.Type), .. U16(tag.Id)]),
            .. U16(etherType),
            .. payload,
        ];

    /// <summary>IPv4 or IPv6 in Ethernet, as the addresses ask for.</summary>
    public static byte[] EthernetIp(byte protocol, string source, string destination, byte[] payload) =>
        IsV6(source)
            ? Ethernet(IPv6Type, IPv6(protocol, source, destination, payload))
            : Ethernet(IPv4Type, IPv4(protocol, source, destination, payload));

    public static byte[] IPv4(
        byte protocol,
        string source,
        string destination,
        byte[] payload,
        int ttl = 64,
        int dscp = 0,
        byte[]? options = null,
        int? totalLength = null,
        int fragment = 0
    )
    {
        options ??= [];
        int header = 20 + options.Length;
        return
        [
            (byte)(0x40 | (header / 4)),
            (byte)(dscp << 2),
            .. U16(totalLength ?? header + payload.Length),
            0,
            0,
            .. U16(fragment),
            (byte)ttl,
            protocol,
            0,
            0,
            .. Address(source),
            .. Address(destination),
            .. options,
            .. payload,
        ];
    }

    /// <summary>IPv6; what follows the header may begin with extension headers, <paramref name="next"/> naming the first.</summary>
    public static byte[] IPv6(
        byte next,
        string source,
        string destination,
        byte[] payload,
        int hopLimit = 64,
        int dscp = 0,
        int? payloadLength = null
    ) =>
        [
            .. U32(0x6000_0000u | ((uint)dscp << 22)),
            .. U16(payloadLength ?? payload.Length),
            next,
            (byte)hopLimit,
            .. Address(source),
            .. Address(destination),
            .. payload,
        ];

    /// <summary>An extension header of so many times eight bytes, before what follows it.</summary>
    public static byte[] Extension(byte next, byte[] rest, int eights = 1) =>
        [next, (byte)(eights - 1), .. new byte[(8 * eights) - 2], .. rest];

    /// <summary>IPv6's fragment header.</summary>
    public static byte[] FragmentHeader(byte next, byte[] rest, int offset = 0, bool more = false) =>
        [next, 0, .. U16((offset << 3) | (more ? 1 : 0)), 0, 0, 0, 7, .. rest];

    public static byte[] Udp(int source, int destination, byte[] data) =>
        [.. U16(source), .. U16(destination), .. U16(8 + data.Length), 0, 0, .. data];

    public static byte[] Tcp(
        int source,
        int destination,
        uint sequence,
        uint acknowledged,
        int flags,
        byte[] data,
        int window = 1000,
        byte[]? options = null
    )
    {
        options ??= [];
        return
        [
            .. U16(source),
            .. U16(destination),
            .. U32(sequence),
            .. U32(acknowledged),
            .. U16(((20 + options.Length) / 4 << 12) | flags),
            .. U16(window),
            0,
            0,
            0,
            0,
            .. options,
            .. data,
        ];
    }

    /// <summary>ICMP and ICMPv6 alike.</summary>
    public static byte[] Icmp(int type, int code, byte[] rest) => [(byte)type, (byte)code, 0, 0, .. rest];

    public static byte[] Sctp(int source, int destination, params byte[][] chunks) =>
        [.. U16(source), .. U16(destination), 0, 0, 0, 1, 0, 0, 0, 0, .. chunks.SelectMany(chunk => chunk)];

    /// <summary>A DATA chunk, padded to four bytes.</summary>
    public static byte[] SctpData(uint payloadProtocol, byte[] data, uint tsn = 9) =>
        [0, 3, .. U16(16 + data.Length), .. U32(tsn), 0, 1, 0, 2, .. U32(payloadProtocol), .. data, .. new byte[-data.Length & 3]];

    /// <summary>Linux cooked capture, version 1.</summary>
    public static byte[] Sll(ushort protocol, byte[] payload) => [0, 0, 0, 1, 0, 6, .. Mac(MacA), 0, 0, .. U16(protocol), .. payload];

    /// <summary>Linux cooked capture, version 2.</summary>
    public static byte[] Sll2(ushort protocol, byte[] payload) =>
        [.. U16(protocol), 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, .. Mac(MacA), 0, 0, .. payload];

    public static byte[] U16(int value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }

    public static byte[] U32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] Mac(string text) => Convert.FromHexString(text.Replace(":", "", StringComparison.Ordinal));

    public static byte[] Address(string text) => IPAddress.Parse(text).GetAddressBytes();

    private static bool IsV6(string address) => address.Contains(':', StringComparison.Ordinal);
}
