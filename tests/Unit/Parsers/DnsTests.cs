using System.Text.Json.Nodes;
using FlowPipe.Parsers.Dns;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.Parsers.DnsWire;

namespace FlowPipe.Tests.Unit.Parsers;

public sealed class DnsTests
{
    private static readonly byte[] Question0 = Pointer(12);
    private static readonly (string, string) All = ("parseDNSRecordAll", "true");

    [Fact]
    public void AQuestionAndItsAnswer()
    {
        JsonNode document = Udp()
            .Client(Query("WWW.Example.com"))
            .Server(
                Response(
                    "www.example.com",
                    A,
                    Record(Question0, Cname, Name("web.example.com"), ttl: 0),
                    Record(Name("web.example.com"), A, [192, 0, 2, 1], ttl: 4_000_000_000)
                )
            )
            .Document();
        Assert.Equal(["udp", "dns"], ["udp", .. document["protocol"]!.AsArray().Select(p => (string)p!)]);
        AssertJson(
            """
            [{ "opcode": "QUERY", "queryHost": "www.example.com", "qc": "IN", "qt": "A",
               "host": ["www.example.com", "web.example.com"], "hostCnt": 2, "ip": ["192.0.2.1"], "ipCnt": 1,
               "headerFlags": ["RD", "RA"], "status": "NOERROR", "answersCnt": 2,
               "answers": [
                 { "type": "CNAME", "class": "IN", "ttl": 0, "name": "www.example.com", "cname": "web.example.com" },
                 { "type": "A", "class": "IN", "ttl": 4000000000, "name": "web.example.com", "ip": "192.0.2.1" }] }]
            """,
            document["dns"]
        );
        Assert.Equal(1, (int)document["dnsCnt"]!);
    }

    [Fact]
    public void OfNameServersAndMailExchangersAllIsGathered()
    {
        byte[] response =
        [
            .. Header(7, 0x8400, 1, 2, 1, 3),
            .. Question("example.com", Mx),
            .. Record(Question0, Mx, [0, 10, .. Name("mail.example.com")]),
            .. Record(Question0, Mx, [0, 0, 0]), // no host
            .. Record(Question0, Ns, Name("ns.example.com")),
            .. Record(Name("mail.example.com"), A, [192, 0, 2, 25]),
            .. Record(Name("ns.example.com"), Aaaa, [0x20, 1, 0xD, 0xB8, .. new byte[11], 53]),
            .. Record(Name("other.example.com"), A, [192, 0, 2, 99]),
        ];
        JsonNode dns = Udp(All).Client(response).Document()["dns"]![0]!;
        AssertJson("""["mail.example.com"]""", dns["mailserverHost"]);
        AssertJson("""["ns.example.com"]""", dns["nameserverHost"]);
        AssertJson("""["192.0.2.25"]""", dns["mailserverIp"]);
        AssertJson("""["2001:db8::35"]""", dns["nameserverIp"]);
        Assert.Null(dns["ip"]);
        Assert.Equal(5, (int)dns["answersCnt"]!);
        AssertJson(
            """{ "type": "MX", "class": "IN", "ttl": 300, "name": "example.com", "priority": 10, "mx": "mail.example.com" }""",
            dns["answers"]![0]
        );
        // Without the setting a mail exchanger is a host like any other, a name server is none.
        dns = Udp().Client(response).Document()["dns"]![0]!;
        AssertJson("""["example.com", "mail.example.com"]""", dns["host"]);
        AssertJson("""["192.0.2.25"]""", dns["ip"]);
        Assert.Null(dns["nameserverHost"]);
        // Without answers there is no list of them.
        dns = Udp(All, ("dnsOutputAnswers", "false")).Client(response).Document()["dns"]![0]!;
        Assert.Null(dns["answers"]);
        Assert.Null(dns["answersCnt"]);
        AssertJson("""["mail.example.com"]""", dns["mailserverHost"]);
    }

    public static TheoryData<int, byte[], string> Texts =>
        new()
        {
            { 65, [0, 1, 0, 0, 1, 0, 6, 2, .. "h2"u8, 2, .. "h3"u8, 0, 3, 0, 2, 1, 187], "https=HTTPS 1 . alpn=h2,h3 port=443" },
            { 64, [0, 0, .. Name("Svc.example.com")], "https=SVCB 0 svc.example.com" },
            { 65, [0, 1, 0, 0, 4, 0, 8, 192, 0, 2, 1, 192, 0, 2, 2, 0, 9, 0, 1, 1], "https=HTTPS 1 . ipv4hint=192.0.2.1,192.0.2.2" },
            { 65, [0, 1, 0, 0, 6, 0, 16, 0x20, 1, .. new byte[13], 1, 0, 1, 0, 0], "https=HTTPS 1 . ipv6hint=2001::1 alpn=" },
            { 257, [128, 5, .. "issue"u8, .. "ca.example"u8], "caa=CAA 128 issue ca.example" },
            { 43, [0xD4, 0x31, 13, 2, 0xAA, 0x0B], "ds=DS 54321 13 2 AA0B" },
            { 47, [.. Name("next.example.com"), 0, 2, 0x60, 0x01, 1, 1, 0x40, 255, 1, 0x01], "nsec=NSEC next.example.com A NS MX CAA TYPE65287" },
            { 46, [0, 1, 13, 2, 0, 0, 14, 16, 0, 0, 0, 9, 0, 0, 0, 8, 48, 57, .. Name("Example.com"), 1, 2], "rrsig=RRSIG A 13 2 3600 9 8 12345 example.com" },
            { 46, [0, 2, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1], "rrsig=RRSIG NS 8 0 0 0 0 1 ." },
        };

    [Theory, MemberData(nameof(Texts))]
    public void RecordsAsText(int type, byte[] data, string expected)
    {
        JsonNode answer = Udp().Client(Response("example.com", type, Record(Question0, type, data))).Document()["dns"]![0]!["answers"]![0]!;
        string[] parts = expected.Split('=', 2);
        Assert.Equal(parts[1], (string?)answer[parts[0]]);
    }

    [Theory]
    [InlineData(A, 3)]
    [InlineData(Aaaa, 4)]
    [InlineData(65, 2)]
    [InlineData(257, 1)]
    [InlineData(46, 17)]
    [InlineData(43, 4)]
    public void ARecordTooShortForItsTypeIsNoAnswer(int type, int length)
    {
        JsonNode dns = Udp().Client(Response("example.com", type, Record(Question0, type, new byte[length]))).Document()["dns"]![0]!;
        Assert.Equal(0, (int)dns["answersCnt"]!);
        Assert.Null(dns["answers"]);
    }

    [Fact]
    public void TextsOfARecord()
    {
        byte[] data = [3, .. "a=1"u8, 0, 2, 0xE9, (byte)'x', 3, .. "a=1"u8];
        JsonNode dns = Udp().Client(Response("example.com", Txt, Record(Question0, Txt, data), Record(Question0, Txt, [9, 1]))).Document()["dns"]![0]!;
        AssertJson("""["a=1", "éx"]""", dns["answers"]![0]!["txt"]);
        Assert.Equal(1, (int)dns["answersCnt"]!);
    }

    [Fact]
    public void ResponsesFindTheirQuestionsWhateverTheirOrder()
    {
        byte[] one = Response("one.example", A, Record(Question0, A, [192, 0, 2, 1]));
        JsonArray dns = Udp()
            .Client(Query("one.example"))
            .Client(Query("two.example"))
            .Client(Query("one.example"))
            .Client(Query("one.example", id: 8))
            .Server(one)
            .Server(Response("two.example", Aaaa))
            .Server(one)
            .Document()["dns"]!.AsArray();
        Assert.Equal(
            ["one.example A 2", "two.example A ", "one.example A ", "two.example AAAA 0"],
            dns.Select(d => $"{d!["queryHost"]} {d["qt"]} {d["answersCnt"]}")
        );
        AssertJson("""["192.0.2.1"]""", dns[0]!["ip"]);
    }

    [Fact]
    public void InternationalNames()
    {
        JsonNode dns = Udp().Client(Response("xn--nxasmq5b.com", A, Record(Question0, A, [1, 2, 3, 4]))).Document()["dns"]![0]!;
        Assert.Equal("όβλος"[..1], ((string)dns["queryHost"]!)[..1]);
        AssertJson("""["xn--nxasmq5b.com"]""", dns["puny"]);
        AssertJson("""["1.2.3.4"]""", dns["ip"]);
        JsonNode document = Udp().Client(Query("xn--" + new string('9', 40))).Document();
        AssertJson("""["bad-punycode"]""", document["tags"]);
        Assert.Null(document["dns"]);
        // An alias that can't be decoded is no answer; what follows it is read.
        document = Udp().Client(Response("a.b", A, Record(Question0, Cname, Name("xn--\u0080")), Record(Question0, A, [1, 2, 3, 4]))).Document();
        AssertJson("""["bad-punycode"]""", document["tags"]);
        Assert.Equal(1, (int)document["dns"]![0]!["answersCnt"]!);
    }

    [Theory]
    [InlineData("bcher-kva", "bücher")]
    [InlineData("egbpdaj6bu4bxfgehfvwxn", "ليهمابتكلموشعربي؟")]
    [InlineData("ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文")]
    [InlineData("Hello-Another-Way--fc4qua05auwb3674vfr0b", "Hello-Another-Way-それぞれの場所")]
    [InlineData("abc-", "abc")]
    public void PunycodeOfTheSpecification(string encoded, string decoded)
    {
        // RFC 3492 section 7.1
        byte[] utf8 = new byte[InternationalName.LongestText];
        Assert.True(InternationalName.TryDecode(System.Text.Encoding.ASCII.GetBytes("XN--" + encoded + ".Org"), utf8, out int length));
        Assert.Equal(decoded + ".org", System.Text.Encoding.UTF8.GetString(utf8, 0, length));
    }

    [Theory]
    [InlineData("xn--a-ecp.ru-\u00FF")]
    [InlineData("xn--99999999")]
    [InlineData("xn---a")]
    public void WhatIsNoPunycode(string name) =>
        Assert.False(InternationalName.TryDecode(System.Text.Encoding.Latin1.GetBytes(name), new byte[InternationalName.LongestText], out _));

    [Fact]
    public void UnprintableLabels() =>
        Assert.Equal("a b^am-im-^@.c", (string?)Udp().Client(Query("a b\u0001\u00E9\u0080.c")).Document()["dns"]![0]!["queryHost"]);

    [Fact]
    public void MulticastHasMoreQuestionsOrNone()
    {
        byte[] announcement =
        [
            .. Header(0, 0x8400, 0, 2),
            .. Record(Name("printer.local"), A, [192, 0, 2, 9], kind: 0x8001), // cache flush
            .. Record(Name("printer.local"), Txt, [1, (byte)'x'], kind: 3),
        ];
        byte[] query = [.. Header(0, 0, 2), .. Question("_ipp._tcp.local", 12, kind: 0x8001), .. Question("_raop._tcp.local", 12)];
        byte[] answered = [.. Header(0, 0x8400, 2, 1), .. Question("a.local"), .. Question("b.local"), .. Record(Name("a.local"), A, [192, 0, 2, 8])];
        JsonNode document = Udp(5353, 5353).Client(announcement).Client(query).Client(answered).Document();
        AssertJson("""["mdns"]""", document["protocol"]);
        AssertJson(
            """
            [{ "opcode": "QUERY", "queryHost": "<root>", "headerFlags": ["AA"], "status": "NOERROR", "answersCnt": 1,
               "answers": [{ "type": "A", "class": "IN", "ttl": 300, "name": "printer.local", "ip": "192.0.2.9" }] },
             { "opcode": "QUERY", "queryHost": "_ipp._tcp.local", "qc": "IN", "qt": "PTR", "host": ["_ipp._tcp.local"], "hostCnt": 1 },
             { "opcode": "QUERY", "queryHost": "a.local", "qc": "IN", "qt": "A", "host": ["a.local"], "hostCnt": 1, "ip": ["192.0.2.8"], "ipCnt": 1,
               "headerFlags": ["AA"], "status": "NOERROR", "answersCnt": 1,
               "answers": [{ "type": "A", "class": "IN", "ttl": 300, "name": "a.local", "ip": "192.0.2.8" }] }]
            """,
            document["dns"]
        );
    }

    [Fact]
    public void LinkLocalAndWhatIsNot()
    {
        AssertJson("""["llmnr"]""", Udp(50000, 5355).Client(Query("wpad")).Document()["protocol"]);
        // From multicast's port to the server: plain DNS
        AssertJson("""["dns"]""", Udp(5353, 53).Client(Query("wpad")).Document()["protocol"]);
        JsonNode document = Udp().Client([.. Header(1, 0, 2), .. Question("a.b"), .. Question("c.d")]).Document();
        AssertJson("""["dns:qdcount-not-1"]""", document["tags"]);
        Assert.Null(document["dns"]);
        Assert.Null(Udp().Client([.. Header(1, 0x3000, 1), .. Question("a.b")]).Document()["protocol"]);
    }

    [Theory]
    [InlineData(0x01000000u, 0x8580, "BADSIG_VERS")]
    [InlineData(0u, 0x8583, "NXDOMAIN")]
    [InlineData(0xFF000000u, 0x858F, "4095")]
    public void ResponseCodesOfEdns(uint ttl, int flags, string status)
    {
        byte[] response = [.. Header(7, flags, 1, 0, 0, 1), .. Question("a.b"), .. Record([0], Opt, [], ttl, kind: 1232)];
        JsonNode dns = Udp().Client(response).Document()["dns"]![0]!;
        Assert.Equal(status, (string?)dns["status"]);
        Assert.Equal(0, (int)dns["answersCnt"]!);
    }

    [Fact]
    public void PointersInACircle()
    {
        JsonNode document = Udp().Client([.. Header(7, 0x0100, 1), .. Pointer(12), 0, 1, 0, 1]).Document();
        AssertJson("""["dns:bad-pointer-loop"]""", document["tags"]);
        document = Udp().Client(Response("a.b", A, Record(Pointer(21), A, [1, 2, 3, 4]))).Document();
        AssertJson("""["dns:bad-pointer-loop"]""", document["tags"]);
        Assert.Equal(0, (int)document["dns"]![0]!["answersCnt"]!);
    }

    [Fact]
    public void StreamsHoweverTheyAreCut()
    {
        byte[] query = Framed(Query("www.example.com"));
        byte[] responses = [.. Framed(Response("www.example.com", A, Record(Question0, A, [192, 0, 2, 1]))), .. Framed(Response("b.example", A))];
        string whole = Tcp().Client(query).Server(responses).Document().ToJsonString();
        Assert.Contains("192.0.2.1", whole, StringComparison.Ordinal);
        MessageHarness cut = Tcp().Client(query[..2]).Server(responses[..2]);
        foreach (byte b in query[2..])
            cut.Client(b);
        foreach (byte b in responses[2..])
            cut.Server(b);
        Assert.Equal(whole, cut.Document().ToJsonString());
    }

    [Fact]
    public void AStreamThatIsNoDnsOrHasAGapEnds()
    {
        byte[] query = Framed(Query("www.example.com"));
        Assert.Equal(1, (int)Tcp().Client(query).Client(0, 3, 1, 2, 3).Client(Framed(Query("other.example.com"))).Document()["dnsCnt"]!);
        Assert.Equal(1, (int)Tcp().Client(query).Gap(5, Framed(Query("other.example.com"))).Document()["dnsCnt"]!);
    }

    [Fact]
    public void ManyMessagesAreWrittenBeforeMemoryGrows()
    {
        MessageHarness harness = Udp();
        for (int i = 0; i < 4_000; i++)
        {
            harness.Client(Query($"host-{i}.example.com", id: i));
            harness.Server([.. Header(i, 0x8180, 1, 1), .. Question($"host-{i}.example.com"), .. Record(Question0, A, [192, 0, 2, 1])]);
        }
        JsonArray dns = harness.Document()["dns"]!.AsArray();
        Assert.InRange(dns.Count, 4_000, 4_010);
    }

    [Fact]
    public void TruncatedAtEveryByte()
    {
        byte[][] messages =
        [
            .. Texts.Select(row => Response("www.example.com", row.Data.Item1, Record(Question0, row.Data.Item1, row.Data.Item2))),
            Response("xn--nxasmq5b.com", Txt, Record(Question0, Txt, [3, .. "a=1"u8])),
        ];
        foreach (byte[] message in messages)
        {
            for (int length = 0; length <= message.Length; length++)
            {
                Udp(All).Client(message[..length]).Document();
                Udp(5353, 5353).Client(message[..length]).Document();
                Tcp().Client(Framed(message[..length])).Document();
            }
        }
    }

    private static MessageHarness Udp(params (string, string)[] settings) => new(false, 40000, 53, [new DnsPlugin()], settings);

    private static MessageHarness Udp(int source, int destination) => new(false, source, destination, [new DnsPlugin()]);

    private static MessageHarness Tcp() => new(true, 40000, 53, [new DnsPlugin()]);

    private static byte[] Framed(byte[] message) => [.. U16(message.Length), .. message];

    private static void AssertJson(string expected, JsonNode? actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), actual?.ToJsonString());
}
