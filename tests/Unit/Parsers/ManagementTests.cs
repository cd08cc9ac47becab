using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Parsers;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>Protocols of names, time and management that say little: an example of each, whole, cut and mutilated.</summary>
public sealed class ManagementTests
{
    private static readonly byte[] Cookie = [0x21, 0x12, 0xA4, 0x42];
    private static readonly byte[] Transaction = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

    private static readonly byte[] NbnsQuery =
    [
        .. (byte[])[0x12, 0x34, 1, 0x10, 0, 1, 0, 0, 0, 0, 0, 0],
        .. NetBios("FILE SERVER"),
        .. (byte[])[0, 0x20, 0, 1],
    ];

    private static readonly byte[] NbnsResponse =
    [
        .. (byte[])[0x12, 0x34, 0x85, 0, 0, 0, 0, 1, 0, 0, 0, 1],
        .. NetBios("FILE SERVER"),
        .. (byte[])[0, 0x20, 0, 1, 0, 0, 0, 9, 0, 12, 0, 0, 192, 0, 2, 7, 0, 0, 192, 0, 2, 8],
        .. (byte[])[0xC0, 12, 0, 0x21, 0, 1, 0, 0, 0, 9, 0, 2, 1, 2],
    ];

    private static readonly byte[] NtpRequest = [0x23, 0, 6, 0xEC, .. new byte[44]];
    private static readonly byte[] NtpAnswer = [0x24, 1, 6, 0xEC, .. new byte[8], .. "GPS\0"u8, .. new byte[32]];
    private static readonly byte[] NtpSecondary = [0x24, 2, 6, 0xEC, .. new byte[8], 192, 0, 2, 1, .. new byte[32]];

    private static readonly byte[] SnmpGet =
    [
        .. (byte[])[0x30, 0x26, 2, 1, 1, 4, 6],
        .. "public"u8,
        .. (byte[])[0xA0, 0x19, 2, 1, 9, 2, 1, 0, 2, 1, 0, 0x30, 0x0E, 0x30, 0x0C, 6, 8, 0x2B, 6, 1, 2, 1, 1, 3, 0, 5, 0],
    ];

    private static readonly byte[] SnmpTrap =
    [
        .. (byte[])[0x30, 0x34, 2, 1, 1, 4, 6],
        .. "public"u8,
        .. (byte[])[0xA7, 0x27, 2, 1, 9, 2, 1, 5, 2, 1, 0, 0x30, 0x1C, 0x30, 0x1A, 6, 10, 0x2B, 6, 1, 6, 3, 1, 1, 4, 1, 0],
        .. (byte[])[6, 12, 0x2B, 6, 1, 6, 3, 1, 1, 5, 0x83, 0x00, 0xFF, 0x7F],
    ];

    private static readonly byte[] SnmpV3 =
    [
        .. (byte[])[0x30, 0x2B, 2, 1, 3, 0x30, 0x0D, 2, 1, 9, 2, 2, 5, 0xDC, 4, 1, 5, 2, 1, 3],
        .. (byte[])[4, 0x14, 0x30, 0x12, 4, 5, 0x80, 0, 0x1F, 0x88, 4, 2, 1, 1, 2, 1, 2, 4, 3],
        .. "bob"u8,
        .. (byte[])[4, 0, 4, 0],
    ];

    private static readonly byte[] Radius =
    [
        .. (byte[])[1, 7, 0, 81, .. new byte[16]],
        .. (byte[])[1, 5, .. "bob"u8],
        .. (byte[])[4, 6, 192, 0, 2, 1, 5, 6, 0, 0, 0, 9, 8, 6, 192, 0, 2, 2, 31, 19],
        .. "98-5A-EB-89-80-00"u8,
        .. (byte[])[66, 15, 1, .. "203.0.113.77"u8],
        .. (byte[])[80, 4, 0, 0],
    ];

    private static readonly byte[] StunRequest =
    [
        .. (byte[])[0, 1, 0, 28, .. Cookie, .. Transaction],
        .. (byte[])[0, 6, 0, 5, .. "a:b\0c"u8, 0, 0, 0],
        .. (byte[])[0, 0x25, 0, 0, 0x80, 0x22, 0, 3, .. "sw!"u8, 0],
        .. (byte[])[0x80, 0x29, 0, 0],
    ];

    private static readonly byte[] StunResponse =
    [
        .. (byte[])[1, 1, 0, 60, .. Cookie, .. Transaction],
        .. (byte[])[0, 0x20, 0, 8, 0, 1, 0x21 ^ 0x12, 0x12 ^ 0x34, 0x21 ^ 192, 0x12, 0xA4 ^ 2, 0x42 ^ 9],
        .. (byte[])[0, 1, 0, 8, 0, 1, 0, 80, 10, 0, 0, 1],
        .. (byte[])[0, 0x16, 0, 20, 0, 2, 0x21, 0x12, .. Cookie, .. Transaction],
        .. (byte[])[0, 9, 0, 4, 0, 0, 4, 1],
        .. (byte[])[0x80, 0x28, 0, 0],
    ];

    private const string SipRequest =
        "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nFrom: \"Bob\" <sip:bob@example.com>;tag=1\r\nt: <sips:al;x>\r\n"
        + "i:  1@a\r\nUser-Agent: phone\r\nm: <sip:bob@192.0.2.1>\r\nAuthorization: Digest username=\"b.o.b\", realm=\"r\"\r\nEmpty:\r\n"
        + "Content-Length: 9\r\n\r\nTo: body\n";

    private const string SipResponse = "SIP/2.0 401 Unauthorized\r\nTo: <SIP:al@example.com>\r\n\r\n";

    private static readonly byte[] TftpRead = [0, 1, .. "boot/file.bin"u8, 0, .. "octet"u8, 0];

    [Fact]
    public void NetBiosNames() =>
        Assert.Equal(
            """{"name":["FILE SERVER"],"nameCnt":1,"queryType":["NB"],"queryTypeCnt":1,"queryHost":["FILE SERVER"],"queryHostCnt":1,"host":["FILE SERVER"],"hostCnt":1,"ip":["192.0.2.7","192.0.2.8"],"ipCnt":2}""",
            Udp(137, 137, new NbnsPlugin()).Client(NbnsQuery).Server(NbnsResponse).Member("nbns")
        );

    [Fact]
    public void NetBiosNamesByPointer()
    {
        byte[] response = [.. NbnsResponse];
        response[5] = 1; // a question of the same name first, by which the record's pointer becomes one
        byte[] pointed = [.. NbnsQuery[..2], 0x85, 0, 0, 1, 0, 1, 0, 0, 0, 0, .. NbnsQuery[12..], 0xC0, 12, .. NbnsResponse[46..]];
        Assert.Contains(
            "\"host\":[\"FILE SERVER\"]",
            Udp(137, 137, new NbnsPlugin()).Client(pointed).Member("nbns"),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("queryHost", Udp(137, 137, new NbnsPlugin()).Client(response).Member("nbns"), StringComparison.Ordinal);
    }

    [Fact]
    public void Time()
    {
        Assert.Equal(
            """{"version":[4],"versionCnt":1,"mode":["client","server"],"modeCnt":2,"stratum":["unspecified","primary","secondary"],"stratumCnt":3,"refId":["GPS","c0000201"],"refIdCnt":2}""",
            Udp(40000, 123, new NtpPlugin()).Client(NtpRequest).Server(NtpAnswer).Server(NtpSecondary).Member("ntp")
        );
        byte[] strange = [.. NtpAnswer];
        strange[13] = 1;
        Assert.Contains("\"47015300\"", Udp(40000, 123, new NtpPlugin()).Client(strange).Member("ntp"), StringComparison.Ordinal);
        strange[1] = 17;
        Assert.Equal("", Udp(40000, 123, new NtpPlugin()).Client(strange).Member("ntp"));
    }

    [Fact]
    public void NetworkManagement()
    {
        Assert.Equal(
            """{"version":[2],"versionCnt":1,"community":["public"],"communityCnt":1,"error":["genErr"],"errorCnt":1,"variable":["1.3.6.1.2.1.1.3.0","1.3.6.1.6.3.1.1.4.1.0"],"variableCnt":2,"type":["GetRequest","SNMPv2-Trap"],"typeCnt":2,"trapOid":["1.3.6.1.6.3.1.1.5.384.16383"],"trapOidCnt":1}""",
            Udp(40000, 161, new SnmpPlugin()).Client(SnmpGet).Server(SnmpTrap).Member("snmp")
        );
        Assert.Equal(
            """{"version":[3],"versionCnt":1,"engineId":["80001f8804"],"engineIdCnt":1,"secLevel":["authNoPriv"],"secLevelCnt":1}""",
            Udp(40000, 162, new SnmpPlugin()).Client(SnmpV3).Member("snmp")
        );
        Assert.Equal("[\"bob\"]", Udp(40000, 162, new SnmpPlugin()).Client(SnmpV3).Member("user"));
        Assert.Equal("", Udp(40000, 40001, new SnmpPlugin()).Client(SnmpGet).Member("snmp"));
        // A trap of version 1 says who made it, and GetBulkRequest has no error in that place.
        byte[] old = [0x30, 0x14, 2, 1, 0, 4, 1, (byte)'c', 0xA4, 0x0C, 6, 4, 0x2B, 6, 1, 4, 2, 1, 1, 2, 1, 1];
        Assert.Contains(
            "\"trapOid\":[\"1.3.6.1.4\"]",
            Udp(162, 162, new SnmpPlugin()).Client(old).Member("snmp"),
            StringComparison.Ordinal
        );
        byte[] bulk = [.. SnmpGet];
        bulk[13] = 0xA5;
        bulk[20] = 5;
        Assert.DoesNotContain("error", Udp(161, 161, new SnmpPlugin()).Client(bulk).Member("snmp"), StringComparison.Ordinal);
    }

    [Fact]
    public void Access() =>
        Assert.Equal(
            """{"user":["bob"],"mac":["98:5a:eb:89:80:00"],"macCnt":1,"endpointIp":["203.0.113.77"],"endpointIpCnt":1,"framedIp":["192.0.2.2"],"framedIpCnt":1,"msgType":["access-request"],"msgTypeCnt":1,"nasIp":["192.0.2.1"],"nasIpCnt":1,"nasPort":[9],"nasPortCnt":1}""",
            Udp(40000, 1812, new RadiusPlugin()).Client(Radius).Member("radius")
        );

    [Fact]
    public void AddressesThroughTranslators()
    {
        string document = Udp(40000, 3478, new StunPlugin()).Client(StunRequest).Server(StunResponse).Document().ToJsonString();
        Assert.Contains(
            """
            "stun":{"type":["Binding Request","Binding Response"],"typeCnt":2,"mappedIp":["10.0.0.1"],"mappedIpCnt":1,"mappedPort":[80],"mappedPortCnt":1,"xorMappedIp":["192.0.2.9"],"xorMappedIpCnt":1,"xorMappedPort":[4660],"xorMappedPortCnt":1,"username":["a:b"],"usernameCnt":1,"software":["sw!"],"softwareCnt":1,"error":[401],"errorCnt":1,"xorRelayedIp":["::"],"xorRelayedIpCnt":1,"xorRelayedPort":[0],"xorRelayedPortCnt":1,"attributes":["use-candidate","ice-controlled","fingerprint"],"attributesCnt":3}
            """,
            document,
            StringComparison.Ordinal
        );
        Assert.Contains("stun:nat-discovered", document, StringComparison.Ordinal);
        byte[] stream = [.. StunRequest, .. StunResponse];
        string whole = new MessageHarness(true, 40000, 3478, [new StunPlugin()]).Client(stream).Member("stun");
        Assert.Contains("Binding Response", whole, StringComparison.Ordinal);
        var cut = new MessageHarness(true, 40000, 3478, [new StunPlugin()]);
        cut.Client(stream[..20]);
        foreach (byte b in stream[20..])
            cut.Client(b);
        Assert.Equal(whole, cut.Member("stun"));
        // Text of an ancient kind
        Assert.Contains(
            "\"stun\"",
            Udp(1, 2, new StunPlugin()).Client([.. "RSP/1.0 STUN x"u8]).Document().ToJsonString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Calls()
    {
        const string expected =
            """{"method":["REGISTER"],"methodCnt":1,"statuscode":[401],"statuscodeCnt":1,"callid":["1@a"],"callidCnt":1,"from":["\"Bob\" <sip:bob@example.com>;tag=1"],"fromCnt":1,"to":["<sips:al;x>","<SIP:al@example.com>"],"toCnt":2,"useragent":["phone"],"useragentCnt":1,"via":["SIP/2.0/UDP 192.0.2.1"],"viaCnt":1,"contact":["<sip:bob@192.0.2.1>"],"contactCnt":1,"user":["bob","b.o.b","al"],"userCnt":3}""";
        Assert.Equal(expected, Udp(5060, 5060, new SipPlugin()).Client(Bytes(SipRequest)).Server(Bytes(SipResponse)).Member("sip"));
        var tcp = new MessageHarness(true, 40000, 5060, [new SipPlugin()]);
        Assert.Equal(expected, tcp.Client(Bytes(SipRequest + "\r\n" + SipRequest)).Server(Bytes(SipResponse)).Member("sip"));
        tcp = new MessageHarness(true, 40000, 5060, [new SipPlugin()]);
        tcp.Client(Bytes(SipRequest[..60]));
        foreach (byte b in Bytes(SipRequest[60..]))
            tcp.Client(b);
        Assert.Equal(expected, tcp.Server(Bytes(SipResponse)).Member("sip"));
    }

    [Fact]
    public void AHeadWithoutEndIsNotKept()
    {
        var tcp = new MessageHarness(true, 40000, 5060, [new SipPlugin()]);
        tcp.Client(Bytes("INVITE sip:a SIP/2.0\r\n"));
        for (int i = 0; i < 100; i++)
            tcp.Client(Bytes("X: " + new string('x', 1_000) + "\r\n"));
        Assert.Equal("", tcp.Client(Bytes("\r\n")).Member("sip"));
    }

    [Fact]
    public void Files()
    {
        Assert.Equal(
            """{"opcode":["rrq","data"],"opcodeCnt":2,"filename":["boot/file.bin"],"filenameCnt":1}""",
            Udp(40000, 69, new TftpPlugin()).Client(TftpRead).Server(0, 3, 0, 1, 9).Member("tftp")
        );
        Assert.Equal("", Udp(40000, 69, new TftpPlugin()).Client(TftpRead[..8]).Member("tftp"));
    }

    public static TheoryData<string> Names => [.. Examples.Keys];

    private static Dictionary<string, (IFlowPipePlugin Plugin, int Port, byte[][] Messages)> Examples { get; } =
        new()
        {
            ["nbns"] = (new NbnsPlugin(), 137, [NbnsQuery, NbnsResponse]),
            ["ntp"] = (new NtpPlugin(), 123, [NtpRequest, NtpAnswer]),
            ["snmp"] = (new SnmpPlugin(), 161, [SnmpGet, SnmpTrap, SnmpV3]),
            ["radius"] = (new RadiusPlugin(), 1812, [Radius]),
            ["stun"] = (new StunPlugin(), 3478, [StunRequest, StunResponse]),
            ["sip"] = (new SipPlugin(), 5060, [Bytes(SipRequest), Bytes(SipResponse)]),
            ["tftp"] = (new TftpPlugin(), 69, [TftpRead]),
        };

    /// <summary>Each message cut off at every byte, behind a whole one, so that the parser is there; and with one byte changed.</summary>
    [Theory, MemberData(nameof(Names))]
    public void CutAndMutilated(string name)
    {
        (IFlowPipePlugin plugin, int port, byte[][] messages) = Examples[name];
        var random = new Random(1);
        foreach (byte[] message in messages)
        {
            for (int length = 0; length <= message.Length; length++)
            {
                byte[] changed = [.. message];
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
                Udp(port, port, plugin).Client(messages[0]).Client(message[..length]).Client(changed).Document();
                Udp(port, port, plugin).Client(message[..length]).Document();
                new MessageHarness(true, port, port, [plugin]).Client(message).Client(message[..length]).Client(changed).Document();
            }
        }
    }

    private static MessageHarness Udp(int source, int destination, IFlowPipePlugin plugin) => new(false, source, destination, [plugin]);

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    /// <summary>A NetBIOS name of the suffix 0x20, without a scope.</summary>
    private static byte[] NetBios(string name) =>
        [32, .. (name.PadRight(15) + " ").SelectMany(c => (byte[])[(byte)('A' + (c >> 4)), (byte)('A' + (c & 15))]), 0];
}
