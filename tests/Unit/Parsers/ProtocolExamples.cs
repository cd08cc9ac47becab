using System.Buffers.Binary;
using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Parsers;
using FlowPipe.Parsers.Telephony;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>What two sides say in a protocol, put together here from its specification; one message each.</summary>
/// <param name="Name">The protocol's group in records.</param>
/// <param name="Plugin">Its parser.</param>
/// <param name="Type">Over which transport.</param>
/// <param name="Port">The server's port.</param>
/// <param name="Said">Who says what.</param>
internal sealed record ProtocolExample(
    string Name,
    IFlowPipePlugin Plugin,
    SessionType Type,
    ushort Port,
    params (Side Side, byte[] Bytes)[] Said
);

/// <summary>An example each of the protocols that say messages, for tests and as seeds of fuzzing.</summary>
internal static class ProtocolExamples
{
    private const Side Client = Side.Client;
    private const Side Server = Side.Server;

    public static IReadOnlyDictionary<string, ProtocolExample> All { get; } =
        Make().ToDictionary(static example => example.Name, StringComparer.Ordinal);

    /// <summary>NTLM of the three kinds, which many protocols carry.</summary>
    public static byte[] NtlmNegotiate =>
        [
            .. "NTLMSSP\0"u8,
            .. L32(1),
            .. L32(0x0200_0000),
            .. Field(2, 40),
            .. Field(2, 42),
            10,
            0,
            .. L16(19041),
            0,
            0,
            0,
            15,
            .. "DMWS"u8,
        ];

    public static byte[] NtlmChallenge =>
        [
            .. "NTLMSSP\0"u8,
            .. L32(2),
            .. Field(6, 56),
            .. L32(0x0200_0001),
            .. new byte[24],
            6,
            1,
            .. L16(7601),
            0,
            0,
            0,
            15,
            .. Wide("TGT"),
        ];

    public static byte[] NtlmAuthenticate =>
        [
            .. "NTLMSSP\0"u8,
            .. L32(3),
            .. Field(0, 72),
            .. Field(0, 72),
            .. Field(6, 72),
            .. Field(6, 78),
            .. Field(4, 84),
            .. Field(0, 88),
            .. L32(0x0200_0001),
            .. (byte[])[6, 1, .. L16(7601), 0, 0, 0, 15],
            .. Wide("DOM"),
            .. Wide("Bob"),
            .. Wide("PC"),
        ];

    private static IEnumerable<ProtocolExample> Make()
    {
        foreach (ProtocolExample example in Industry())
            yield return example;
        foreach (ProtocolExample example in Access())
            yield return example;
        foreach (ProtocolExample example in Windows())
            yield return example;
        foreach (ProtocolExample example in Databases())
            yield return example;
    }

    private static IEnumerable<ProtocolExample> Industry()
    {
        yield return new(
            "modbus",
            new ModbusPlugin(),
            SessionType.Tcp,
            502,
            (Client, [0, 7, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2]),
            (Server, [0, 7, 0, 0, 0, 3, 1, 0x83, 2])
        );
        yield return new(
            "dnp3",
            new Dnp3Plugin(),
            SessionType.Tcp,
            20000,
            (Client, [5, 0x64, 8, 0xC4, 1, 0, 2, 1, 9, 9, 0xC0, 0xC0, 1, 8, 8]),
            (Server, [5, 5, 0x64, 8, 0x44, 2, 1, 1, 0, 9, 9, 0xC0, 0xC0, 129, 8, 8])
        );
        yield return new(
            "s7comm",
            new S7commPlugin(),
            SessionType.Tcp,
            102,
            (Client, Tpkt(6 + 4, 0xE0, [0, 0, 0, 1, 0, 0xC1, 2, 1, 0])),
            (Client, Tpkt(2, 0xF0, [0x80, 0x32, 1, 0, 0, 0, 5, 0, 1, 0, 0, 4])),
            (Server, Tpkt(2, 0xF0, [0x80, 0x32, 3, 0, 0, 0, 5, 0, 1, 0, 0, 0x81, 4, 4])),
            (Client, Tpkt(2, 0xF0, [0x80, 0x72, 2, 0, 3, 1, 9, 0x31]))
        );
        byte[] cip = [0x0E, 3, 0x20, 0x6B, 0x25, 0, 1, 0];
        byte[] items = [2, 0, 0, 0, 0, 0, 0xB2, 0, .. L16(cip.Length), .. cip];
        byte[] identity = [1, 0, .. new byte[16], .. L16(0x4D), .. L16(14), .. new byte[10], 4, .. "DRV1"u8, 3];
        byte[] list = [1, 0, 0x0C, 0, .. L16(identity.Length), .. identity];
        yield return new(
            "enip",
            new EnipPlugin(),
            SessionType.Tcp,
            44818,
            (Client, [.. Enip(0x6F, 0, 6 + items.Length), .. new byte[6], .. items]),
            (Server, [.. Enip(0x63, 0, list.Length), .. list])
        );
        byte[] iAm = [0x10, 1, 0xC4, 2, 0, 0, 1, 0xC4, 0, 0, 0, 1, 0x75, 4, 0, .. "TMP"u8];
        byte[] read = [0, 5, 9, 12, 0x0C, 0, 0, 0, 1];
        yield return new(
            "bacnet",
            new BacnetPlugin(),
            SessionType.Udp,
            47808,
            (Client, [0x81, 0x0B, 0, (byte)(10 + iAm.Length), 1, 0x20, 0xFF, 0xFF, 0, 255, .. iAm]),
            (Server, [0x81, 0x0A, 0, (byte)(6 + read.Length), 1, 0, .. read])
        );
        byte[] hello = [.. new byte[20], .. L32(12), .. "opc.tcp://a/"u8];
        byte[] open = [.. L32(1), .. L32(8), .. "http://p"u8, .. L32(-1), .. L32(-1)];
        yield return new(
            "opcua",
            new OpcuaPlugin(),
            SessionType.Tcp,
            4840,
            (Client, [.. "HELF"u8, .. L32(8 + hello.Length), .. hello]),
            (Server, [.. "ACKF"u8, .. L32(8)]),
            (Client, [.. "OPNF"u8, .. L32(8 + open.Length), .. open])
        );
        yield return new(
            "c1222",
            new C1222Plugin(),
            SessionType.Tcp,
            1153,
            (
                Client,
                Ber(
                    0x60,
                    [
                        .. Ber(0xA2, Ber(6, [0x2B, 6, 1])),
                        .. Ber(0xA4, Ber(2, [7])),
                        .. Ber(0xA6, Ber(6, [0x2B, 6, 2])),
                        .. Ber(0xA8, Ber(2, [8])),
                        .. Ber(0xBE, Ber(0x28, Ber(0x81, [0x09]))),
                    ]
                )
            )
        );
        byte[] configuration =
        [
            .. (byte[])[0, 0xF, 0x42, 0x40, 0, 1],
            .. Encoding.ASCII.GetBytes("Station A".PadRight(16)),
            .. (byte[])[0, 7, 0, 0, 0, 0, 0, 1, 0, 0],
            .. new byte[16 + 4],
            .. (byte[])[0, 1, 0, 1, 0, 30],
        ];
        yield return new(
            "synchrophasor",
            new SynchrophasorPlugin(),
            SessionType.Tcp,
            4712,
            (Client, Phasor(4, [0, 5])),
            (Server, [.. Phasor(3, configuration), .. Phasor(0, [1, 2])])
        );
    }

    private static IEnumerable<ProtocolExample> Access()
    {
        byte[] transform1 = [0, 0, 0, 24, 1, 1, 0, 0, 0x80, 1, 0, 7, 0x80, 2, 0, 2, 0x80, 3, 0, 1, 0x80, 4, 0, 14];
        byte[] sa1 = [13, 0, 0, 44, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 32, 1, 1, 0, 1, .. transform1];
        byte[] sa2 =
        [
            .. (byte[])[46, 0, 0, 36, 0, 0, 0, 32, 1, 1, 0, 3],
            .. (byte[])[3, 0, 0, 8, 1, 0, 0, 20, 3, 0, 0, 8, 2, 0, 0, 5, 0, 0, 0, 8, 4, 0, 0, 19],
        ];
        byte[] vendor = [0, 0, 0, 20, 0xAF, 0xCA, 0xD7, 0x13, 0x68, 0xA1, 0xF1, 0xC9, .. new byte[8]];
        yield return new(
            "isakmp",
            new IsakmpPlugin(),
            SessionType.Udp,
            500,
            (Client, [.. new byte[7], 1, .. new byte[8], 1, 0x10, 2, 0, .. new byte[4], 0, 0, 0, 92, .. sa1, .. vendor]),
            (Server, [.. new byte[7], 1, .. new byte[7], 2, 33, 0x20, 34, 8, .. new byte[4], 0, 0, 0, 68, .. sa2, 33, 0, 0, 8, 1, 2, 3, 4])
        );
        byte[] eap = [2, 1, 0, 8, 1, .. "bob"u8];
        yield return new(
            "pana",
            new PanaPlugin(),
            SessionType.Udp,
            716,
            (Client, [0, 0, 0, 16, 0, 0, 0, 1, .. new byte[8]]),
            (Client, [0, 0, 0, 32, 0, 0, 0, 2, 0, 0, 1, 2, 0, 0, 0, 1, 0, 2, 0, 0, 0, 8, 0, 0, .. eap])
        );
        byte[] attributes = [.. Attribute(264, "a.b"u8), .. Attribute(1, "bob"u8), .. Attribute(296, "b"u8)];
        byte[] result = Attribute(268, [0, 0, 7, 0xD1]);
        yield return new(
            "diameter",
            new DiameterPlugin(),
            SessionType.Tcp,
            3868,
            (Client, [1, 0, 0, (byte)(20 + attributes.Length), 0x80, 0, 1, 1, .. new byte[12], .. attributes]),
            (Server, [1, 0, 0, (byte)(20 + result.Length), 0, 0, 1, 16, 1, 0, 0, 22, .. new byte[8], .. result])
        );
        byte[] marker = [.. Enumerable.Repeat((byte)0xFF, 16)];
        yield return new(
            "bgp",
            new BgpPlugin(),
            SessionType.Tcp,
            179,
            (Client, [.. marker, 0, 29, 1, .. new byte[10]]),
            (Server, [.. marker, 0, 19, 4])
        );
        yield return new(
            "ptp",
            new PtpPlugin(),
            SessionType.Udp,
            319,
            (Client, [0x00, 2, 0, 34, .. new byte[16], 0, 0x1B, 0x19, 0xFF, 0xFE, 1, 2, 3, .. new byte[6]])
        );
        yield return new("m3ua", new M3uaPlugin(), SessionType.Sctp, 2905, (Client, [1, 0, 3, 1, 0, 0, 0, 8]), (Client, M3ua()));
    }

    private static IEnumerable<ProtocolExample> Windows()
    {
        yield return new(
            "dcerpc",
            new DcerpcPlugin(),
            SessionType.Tcp,
            135,
            (
                Client,
                [
                    .. (byte[])[5, 0, 11, 3, 0x10, 0, 0, 0, 72, 0, 0, 0, 1, 0, 0, 0, .. new byte[8], 1, 0, 0, 0, 0, 0, 1, 0],
                    .. Convert.FromHexString("785734123412cdabef000123456789ab"),
                    .. (byte[])[0, 0, 0, 0, .. new byte[20]],
                ]
            ),
            (Server, [5, 0, 12, 3, 0x10, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0]),
            (Client, [5, 0, 0, 3, 0, 0, 0, 0, 0, 24, 0, 0, 0, 0, 0, 2, .. new byte[6], 0, 15])
        );
        yield return new(
            "ldap",
            new LdapPlugin(),
            SessionType.Tcp,
            389,
            (Client, Ber(0x30, [.. Ber(2, [1]), .. Ber(0x60, [.. Ber(2, [3]), .. Ber(4, "cn=a"u8), .. Ber(0x80, "x"u8)])])),
            (Server, Ber(0x30, [.. Ber(2, [1]), .. Ber(0x61, [.. Ber(10, [0]), .. Ber(4, []), .. Ber(4, [])])])),
            (Client, Ber(0x30, [.. Ber(2, [2]), .. Ber(0x60, [.. Ber(2, [3]), .. Ber(4, []), .. Ber(0x8A, NtlmNegotiate)])]))
        );
        byte[] name = Ber(0x30, [.. Ber(0xA0, Ber(2, [1])), .. Ber(0xA1, Ber(0x30, [.. Ber(0x1B, "krbtgt"u8), .. Ber(0x1B, "A.B"u8)]))]);
        byte[] body =
        [
            .. Ber(0xA1, name),
            .. Ber(0xA2, Ber(0x1B, "A.B"u8)),
            .. Ber(0xA3, name),
            .. Ber(0xA8, Ber(0x30, [.. Ber(2, [18]), .. Ber(2, [23])])),
        ];
        byte[] request = Ber(0x6A, Ber(0x30, [.. Ber(0xA1, Ber(2, [5])), .. Ber(0xA2, Ber(2, [10])), .. Ber(0xA4, Ber(0x30, body))]));
        byte[] error = Ber(0x7E, Ber(0x30, [.. Ber(0xA0, Ber(2, [5])), .. Ber(0xA6, Ber(2, [25])), .. Ber(0xA9, Ber(0x1B, "A.B"u8))]));
        yield return new(
            "krb5",
            new KerberosPlugin(),
            SessionType.Tcp,
            88,
            (Client, [0, 0, 0, (byte)request.Length, .. request]),
            (Server, [0, 0, 0, (byte)error.Length, .. error])
        );
        byte[] core = [.. new byte[12], .. L32(0x407), .. L32(2600), .. Wide("PC".PadRight(16, '\0')), .. new byte[8]];
        byte[] connect =
        [
            .. (byte[])[0x80, 0x7F, 0x65, 0x82, 0, 90, 4, 1, 1],
            .. "Duca"u8,
            .. (byte[])[0x80, 72, .. L16(0xC001), .. L16(4 + core.Length), .. core],
        ];
        yield return new(
            "rdp",
            new RdpPlugin(),
            SessionType.Tcp,
            3389,
            (Client, Tpkt(39, 0xE0, [0, 0, 0, 0, 0, .. "Cookie: mstshash=Bob\r\n"u8, 1, 0, 8, 0, 3, 0, 0, 0])),
            (Server, Tpkt(14, 0xD0, [0, 0, 0, 0, 0, 2, 0, 8, 0, 1, 0, 0, 0])),
            (Client, Tpkt(2, 0xF0, connect))
        );
        yield return new(
            "tds",
            new TdsPlugin(),
            SessionType.Tcp,
            1433,
            (Client, Tds(0x12, [0xFF])),
            (
                Client,
                Tds(
                    0x10,
                    [
                        .. new byte[36],
                        .. L16(0),
                        .. L16(0),
                        .. L16(82),
                        .. L16(2),
                        .. new byte[34],
                        .. L16(86),
                        .. L16(44),
                        .. Wide("Al"),
                        .. NtlmNegotiate,
                    ]
                )
            ),
            (Server, Tds(0x04, [0xED, 62, 0, .. NtlmChallenge])),
            (Client, Tds(0x11, NtlmAuthenticate))
        );
        byte[] token = Ber(0xA1, Ber(0x30, Ber(0xA2, Ber(4, NtlmAuthenticate))));
        byte[] setup =
        [
            12,
            .. new byte[14],
            .. L16(token.Length),
            .. new byte[8],
            0,
            0,
            .. token,
            .. Even(token.Length + 27),
            .. Wide("OS\0LM\0D\0"),
        ];
        yield return new(
            "smb",
            new SmbPlugin(),
            SessionType.Tcp,
            445,
            (Client, NetBios(Smb1(0x72, 0, [0, 14, 0, 2, .. "NT LM 0.12\0"u8, 2, 0]))),
            (Server, NetBios(Smb1(0x72, 0x80, [17, .. new byte[34], 0, 0]))),
            (Client, NetBios(Smb1(0x73, 0, setup))),
            (Client, NetBios(Smb1(0x75, 0, [4, .. new byte[6], 1, 0, 0, 0, 0, .. Wide("\\\\A\\B\0"), .. "A:\0"u8]))),
            (Client, NetBios(Smb1(0xA2, 0, [0, 0, 0, 0, .. Wide("f.txt\0")]))),
            (Server, NetBios(Smb2(0, 1, [65, 0, 1, 0, 0x11, 3, .. new byte[60]]))),
            (Client, NetBios(Smb2(3, 0, [9, 0, 0, 0, 72, 0, 4, 0, .. Wide("\\C")]))),
            (Client, NetBios(Smb2(5, 0, [57, 0, .. new byte[42], 112, 0, 2, 0, .. Wide("g")]))),
            (Client, NetBios(Smb2(1, 0, [25, 0, .. new byte[10], 80, 0, .. L16(token.Length), .. token])))
        );
    }

    private static IEnumerable<ProtocolExample> Databases()
    {
        byte[] login = [.. new byte[32], .. "Root\0x"u8];
        yield return new(
            "mysql",
            new MysqlPlugin(),
            SessionType.Tcp,
            3306,
            (Server, [30, 0, 0, 0, 10, .. "8.0.1\0"u8, .. new byte[23]]),
            (Client, [(byte)login.Length, 0, 0, 1, .. login])
        );
        byte[] descriptor = [.. "(SERVICE_NAME=Orcl)(HOST=Pc)(USER=Al))"u8];
        yield return new(
            "oracle",
            new OraclePlugin(),
            SessionType.Tcp,
            1521,
            (
                Client,
                [0, (byte)(28 + descriptor.Length), 0, 0, 1, 0, 0, 0, .. new byte[16], 0, (byte)descriptor.Length, 0, 28, .. descriptor]
            )
        );
        byte[] parameters = [.. "user\0al\0database\0db\0application_name\0psql\0\0"u8];
        yield return new(
            "postgresql",
            new PostgresqlPlugin(),
            SessionType.Tcp,
            5432,
            (Client, [0, 0, 0, 8, 4, 0xD2, 0x16, 0x2F]),
            (Server, [.. "N"u8]),
            (Client, [0, 0, 0, (byte)(8 + parameters.Length), 0, 3, 0, 0, .. parameters])
        );
        byte[] willing =
        [
            0,
            4,
            .. "MQTT"u8,
            4,
            0xEE,
            0,
            60,
            0,
            1,
            .. "c"u8,
            0,
            1,
            .. "w"u8,
            0,
            1,
            .. "m"u8,
            0,
            2,
            .. "Al"u8,
            0,
            1,
            .. "p"u8,
        ];
        yield return new(
            "mqtt",
            new MqttPlugin(),
            SessionType.Tcp,
            1883,
            (Client, [0x10, (byte)willing.Length, .. willing]),
            (Server, [0x20, 2, 0, 0]),
            (Client, [0x32, 5, 0, 1, .. "t"u8, 0, 1, 0x82, 6, 0, 2, 0, 1, .. "u"u8, 1, 0xA2, 5, 0, 3, 0, 1, .. "v"u8])
        );
        yield return new(
            "irc",
            new IrcPlugin(),
            SessionType.Tcp,
            6667,
            (Client, [.. "NICK al\r\nUSER a b c :d\r\nJOIN #x key\r\n\0JOIN #y\n"u8])
        );
        yield return new(
            "adb",
            new AdbPlugin(),
            SessionType.Tcp,
            5555,
            (Client, Adb("CNXN", 0x01000001, 4096, [.. "host::x"u8])),
            (Server, Adb("AUTH", 1, 0, new byte[20])),
            (Server, Adb("CNXN", 0x01000001, 4096, [.. "device:SER1:x"u8])),
            (Client, Adb("OPEN", 1, 0, [.. "sync:\0"u8])),
            (Server, Adb("OKAY", 2, 1, [])),
            (Client, Adb("WRTE", 1, 2, [.. "SEND"u8, .. L32(6), .. "/a,420"u8, .. "DATA"u8, .. L32(1), 0, .. "DONE"u8, .. L32(0)])),
            (Client, Adb("OPEN", 3, 0, [.. "shell,v2,pty:ls\0"u8])),
            (Server, Adb("WRTE", 4, 3, [3, 1, 0, 0, 0, 42])),
            (Client, Adb("OPEN", 5, 0, [.. "reverse:forward:tcp:1;tcp:2\0"u8]))
        );
    }

    private static byte[] Tpkt(int headerLength, byte type, byte[] rest) =>
        [3, 0, 0, (byte)(6 + rest.Length), (byte)headerLength, type, .. rest];

    private static byte[] Enip(byte command, byte status, int length) =>
        [command, 0, .. L16(length), 0, 0, 0, 0, status, 0, 0, 0, .. new byte[12]];

    private static byte[] Phasor(int type, byte[] content) =>
        [0xAA, (byte)((type << 4) | 1), 0, (byte)(16 + content.Length), 0, 9, .. new byte[8], .. content, 0, 0];

    private static byte[] Attribute(int code, ReadOnlySpan<byte> value) =>
        [0, 0, (byte)(code >> 8), (byte)code, 0, 0, 0, (byte)(8 + value.Length), .. value, .. new byte[-value.Length & 3]];

    private static byte[] Tds(byte type, byte[] content) => [type, 1, 0, (byte)(8 + content.Length), 0, 0, 1, 0, .. content];

    private static byte[] NetBios(byte[] message) => [0, 0, (byte)(message.Length >> 8), (byte)message.Length, .. message];

    private static byte[] Smb1(byte command, byte flags, byte[] body) =>
        [0xFF, .. "SMB"u8, command, 0, 0, 0, 0, flags, 0, 0x80, .. new byte[20], .. body];

    private static byte[] Smb2(byte command, byte flags, byte[] body) =>
        [0xFE, .. "SMB"u8, 64, 0, .. new byte[6], command, 0, 0, 0, flags, 0, 0, 0, .. new byte[44], .. body];

    private static byte[] Even(int before) => new byte[before % 2];

    private static byte[] Adb(string command, uint first, uint second, byte[] data) =>
        [
            .. Encoding.ASCII.GetBytes(command),
            .. L32((int)first),
            .. L32((int)second),
            .. L32(data.Length),
            .. new byte[4],
            .. Encoding.ASCII.GetBytes(command).Select(static b => (byte)~b),
            .. data,
        ];

    private static byte[] M3ua()
    {
        byte[] argument = Ber(
            0x30,
            [.. Ber(0x83, [0x83, 0x10, 0x21, 0x43]), .. Ber(0x82, [3, 0x10, 0x65, 0xF7]), .. Ber(0x8A, [0x62, 0x02, 0x13])]
        );
        byte[] invoke = Ber(0xA1, [.. Ber(2, [9]), .. Ber(2, [0]), .. argument]);
        byte[] context = Ber(
            0x28,
            [.. Ber(6, [0, 0x11, 0x86, 5, 1, 1, 1]), .. Ber(0xA0, Ber(0x60, Ber(0xA1, Ber(6, [4, 0, 0, 1, 0, 50, 1]))))]
        );
        byte[] tcap = Ber(0x62, [.. Ber(0x48, [1]), .. Ber(0x6B, context), .. Ber(0x6C, invoke)]);
        byte[] sccp = [9, 0, 3, 6, 9, 3, 0x43, 100, 0, 3, 0x43, 20, 0, (byte)tcap.Length, .. tcap];
        byte[] data = [0, 0, 2, 0x58, 0, 0, 1, 0xF4, 3, 0, 0, 0, .. sccp];
        return
        [
            .. (byte[])[1, 0, 1, 1, 0, 0, 0, (byte)(12 + data.Length), 2, 0x10, 0, (byte)(4 + data.Length)],
            .. data,
            .. new byte[-data.Length & 3],
        ];
    }

    private static byte[] Ber(byte identifier, ReadOnlySpan<byte> content) =>
        content.Length < 128 ? [identifier, (byte)content.Length, .. content] : [identifier, 0x81, (byte)content.Length, .. content];

    private static byte[] Field(int length, int offset) => [.. L16(length), .. L16(length), .. L32(offset)];

    private static byte[] Wide(string text) => Encoding.Unicode.GetBytes(text);

    private static byte[] L16(int number) => [(byte)number, (byte)(number >> 8)];

    private static byte[] L32(int number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }
}
