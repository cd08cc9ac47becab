using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.Parsers.Tls.Handshakes;

namespace FlowPipe.Tests.Unit.Parsers.Tls;

/// <summary>TLS over TCP, in bytes made by the specification.</summary>
public sealed class TlsTests
{
    private const string BrowserJa3 =
        "771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,"
        + "0-23-65281-10-11-35-16-5-13-18-51-45-43-27-17513-21,29-23-24,0";

    private static readonly string[] Fields =
    [
        "protocols",
        "tags",
        "host.http",
        "tls.version",
        "tls.cipher",
        "tls.ja3",
        "tls.ja3s",
        "tls.ja3string",
        "tls.ja3sstring",
        "tls.ja4",
        "tls.ja4_r",
        "tls.sessionid.src",
        "tls.sessionid.dst",
    ];

    [Fact]
    public async Task ABrowsersHandshake()
    {
        GatheredRecord record = await Browser().TcpAsync();
        Assert.Equal("tcp tls", record.Texts("protocols"));
        Assert.Equal("example.com", record.Texts("host.http"));
        Assert.Equal(BrowserJa3, record.Texts("tls.ja3string"));
        Assert.Equal("cd08e31494f9531f560d64c695473da9", record.Texts("tls.ja3"));
        Assert.Equal("t13d1516h2_8daaf6152771_e5627efa2ab1", record.Texts("tls.ja4"));
        Assert.Equal(
            "t13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_"
                + "0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_0403,0804,0401,0503,0805,0501,0806,0601",
            record.Texts("tls.ja4_r")
        );
        Assert.Equal("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", record.Texts("tls.sessionid.src"));
        Assert.Equal("TLSv1.3", record.Texts("tls.version"));
        Assert.Equal("TLS_AES_128_GCM_SHA256", record.Texts("tls.cipher"));
        Assert.Equal("771,4865,51-43", record.Texts("tls.ja3sstring"));
        Assert.Equal("eb1d94daa7e0344597e756a1fb6e7054", record.Texts("tls.ja3s"));
        Assert.Equal("aabb", record.Texts("tls.sessionid.dst"));
    }

    /// <summary>The examples of JA3's own documentation.</summary>
    [Fact]
    public async Task ExamplesOfJa3()
    {
        GatheredRecord record = await new Exchange()
            .Client(
                Record(
                    22,
                    Message(
                        1,
                        ClientHello(
                            769,
                            [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
                            [ServerName("a.b"), Extension(10, Vector16(U16s(23, 24, 25))), Extension(11, Vector8(0))]
                        )
                    )
                )
            )
            .Server(
                Record(
                    22,
                    Message(
                        2,
                        ServerHello(769, 47, [Extension(65281), Extension(0), Extension(11), Extension(35), Extension(5), Extension(16)])
                    )
                )
            )
            .TcpAsync();
        Assert.Equal("ada70206e40642a3e4461f35503241d5", record.Texts("tls.ja3"));
        Assert.Equal("769,47,65281-0-11-35-5-16", record.Texts("tls.ja3sstring"));
        Assert.Equal("TLSv1", record.Texts("tls.version"));
    }

    [Fact]
    public async Task StringsAreKeptOnlyWhereAskedFor()
    {
        Exchange exchange = Browser();
        exchange.Settings.Clear();
        GatheredRecord record = await exchange.TcpAsync();
        Assert.Equal("cd08e31494f9531f560d64c695473da9", record.Texts("tls.ja3"));
        Assert.Equal("", record.Texts("tls.ja3string") + record.Texts("tls.ja3sstring") + record.Texts("tls.ja4_r"));
    }

    [Fact]
    public async Task AHelloWithoutExtensions()
    {
        GatheredRecord record = await new Exchange().Client(Record(22, Message(1, ClientHello(0x0300, [5, 4], [])))).TcpAsync();
        Assert.Equal("768,5-4,,,", record.Texts("tls.ja3string"));
        Assert.Equal($"ts3i020000_{ShortSha256("0004,0005")}_000000000000", record.Texts("tls.ja4"));
    }

    [Theory]
    [InlineData("", "00")]
    [InlineData("h", "hh")]
    [InlineData("http/1.1", "h1")]
    [InlineData("\u00BA\u00AD", "99")]
    public async Task FirstProtocolInJa4(string alpn, string expected)
    {
        byte[][] extensions = alpn.Length == 0 ? [Extension(23)] : [Alpn(alpn)];
        GatheredRecord record = await new Exchange().Client(Record(22, Message(1, ClientHello(0x0303, [5], extensions)))).TcpAsync();
        Assert.StartsWith($"t12i0101{expected}_", record.Texts("tls.ja4"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x0303, 0x009C, "TLSv1.2", "TLS_RSA_WITH_AES_128_GCM_SHA256")]
    [InlineData(0x0300, 0x0005, "SSLv3", "TLS_RSA_WITH_RC4_128_SHA")]
    [InlineData(0x0302, 0xFEFE, "TLSv1.1", "0xfefe")]
    [InlineData(0x1234, 0x0005, "0x1234", "TLS_RSA_WITH_RC4_128_SHA")]
    public async Task VersionsAndSuites(int version, int cipher, string versionName, string cipherName)
    {
        GatheredRecord record = await new Exchange().Server(Record(22, Message(2, ServerHello(version, cipher, [])))).TcpAsync();
        Assert.Equal(versionName, record.Texts("tls.version"));
        Assert.Equal(cipherName, record.Texts("tls.cipher"));
    }

    [Theory]
    [InlineData(0x0304, "TLSv1.3")]
    [InlineData(0x7F1C, "TLSv1.3-draft-28")]
    [InlineData(0x7E01, "TLSv1.2")]
    public async Task ChosenVersion(int chosen, string expected)
    {
        GatheredRecord record = await new Exchange()
            .Server(Record(22, Message(2, ServerHello(0x0303, 0x1301, [Extension(43, U16(chosen))]))))
            .TcpAsync();
        Assert.Equal(expected, record.Texts("tls.version"));
    }

    /// <summary>Drafts before 22 have neither a session id nor compression in a server's hello.</summary>
    [Fact]
    public async Task DraftWithItsOwnNumber()
    {
        byte[] hello = [0x7F, 0x12, .. new byte[32], 0x13, 0x01, .. Vector16(Extension(40, new byte[36]))];
        GatheredRecord record = await new Exchange().Server(Record(22, Message(2, hello))).TcpAsync();
        Assert.Equal("TLSv1.3-draft-18", record.Texts("tls.version"));
        Assert.Equal("TLS_AES_128_GCM_SHA256", record.Texts("tls.cipher"));
        Assert.Equal("32530,4865,40", record.Texts("tls.ja3sstring"));
    }

    [Fact]
    public async Task Http2AndHiddenNames()
    {
        GatheredRecord record = await new Exchange()
            .Client(Record(22, Message(1, ClientHello(0x0303, [5], [Extension(0xFFCE, 1), Extension(0xFE0D, 2)]))))
            .Server(Record(22, Message(2, ServerHello(0x0303, 0x009C, [Alpn("h2")]))))
            .TcpAsync();
        Assert.Equal("tcp tls http2", record.Texts("protocols"));
        Assert.Equal("tls:has_esni tls:has_ech", record.Texts("tags"));
    }

    /// <summary>RFC 8446 appendix D.4: both sides go on in the clear after a ChangeCipherSpec that is only for looks.</summary>
    [Fact]
    public async Task TwoHellosOfEachSide()
    {
        byte[] retry = SHA256("HelloRetryRequest");
        GatheredRecord record = await new Exchange()
            .Client(Record(22, Message(1, ClientHello(0x0303, [0x1301], [Extension(51)]))))
            .Server([
                .. Record(22, Message(2, ServerHello(0x0303, 0x1301, [Extension(43, 3, 4), Extension(44)], random: retry))),
                .. Record(20, 1),
            ])
            .Client([.. Record(20, 1), .. Record(22, Message(1, ClientHello(0x0303, [0x1301], [Extension(44)])))])
            .Server(Record(22, Message(2, ServerHello(0x0303, 0x1301, [Extension(43, 3, 4)]))))
            .TcpAsync();
        Assert.Equal("771,4865,51,, 771,4865,44,,", record.Texts("tls.ja3string"));
        Assert.Equal("771,4865,43-44 771,4865,43", record.Texts("tls.ja3sstring"));
    }

    /// <summary>What follows ChangeCipherSpec else is encrypted, though it calls itself a handshake.</summary>
    [Fact]
    public async Task EncryptedHandshakesAreLeftAlone()
    {
        byte[] looksLikeHello = [.. Message(2, ServerHello(0x0303, 5, [])), 0];
        GatheredRecord record = await new Exchange()
            .Server([.. Record(22, Message(2, ServerHello(0x0303, 4, []))), .. Record(20, 1), .. Record(22, looksLikeHello)])
            .TcpAsync();
        Assert.Equal("TLS_RSA_WITH_RC4_128_MD5", record.Texts("tls.cipher"));
    }

    /// <summary>A hello may be spread over records, and several messages share one.</summary>
    [Fact]
    public async Task MessagesAcrossRecords()
    {
        byte[] hello = Message(1, BrowserHello());
        GatheredRecord record = await new Exchange()
            .Client([.. Record(22, hello[..10]), .. Record(22, hello[10..200]), .. Record(22, hello[200..])])
            .TcpAsync();
        Assert.Equal("t13d1516h2_8daaf6152771_e5627efa2ab1", record.Texts("tls.ja4"));
    }

    [Fact]
    public async Task SegmentsOfOneByte()
    {
        GatheredRecord whole = await Browser().TcpAsync();
        GatheredRecord split = await Browser().TcpAsync(segment: 1);
        foreach (string field in Fields)
            Assert.Equal(whole.Texts(field), split.Texts(field));
    }

    /// <summary>The side that began need not be TLS's client: captures miss beginnings.</summary>
    [Fact]
    public async Task ServersMayComeFirst()
    {
        GatheredRecord record = await new Exchange()
            .Client(Record(22, Message(2, ServerHello(0x0303, 0x009C, []))))
            .Server(Record(22, Message(1, BrowserHello())))
            .TcpAsync();
        Assert.Equal("TLSv1.2", record.Texts("tls.version"));
        Assert.Equal(BrowserJa3, record.Texts("tls.ja3string"));
    }

    /// <summary>Cut off anywhere it is never an error (the run stops on one), and no fingerprint is made of a part.</summary>
    [Fact]
    public async Task CutOffAnywhere()
    {
        byte[] hello = Record(22, Message(1, BrowserHello()));
        for (int length = 1; length < hello.Length; length += 7)
        {
            GatheredRecord record = await new Exchange().Client(hello[..length]).TcpAsync();
            Assert.Equal("", record.Texts("tls.ja3") + record.Texts("tls.ja4"));
        }
    }

    /// <summary>Lengths inside that reach beyond what is there.</summary>
    [Fact]
    public async Task WrongLengths()
    {
        byte[] hello = Message(1, BrowserHello());
        for (int at = 4; at < hello.Length; at += 3)
        {
            byte[] wrong = [.. hello];
            wrong[at] = 0xFF;
            GatheredRecord record = await new Exchange().Client(Record(22, wrong)).TcpAsync();
            Assert.Contains("tls", record.Texts("protocols"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AHelloLongerThanAnybodys()
    {
        int[] ciphers = [.. Enumerable.Range(0x1000, 3000)];
        GatheredRecord record = await new Exchange()
            .Client(Record(22, Message(1, ClientHello(0x0303, ciphers, [ServerName("a.b")]))))
            .TcpAsync();
        Assert.Equal("", record.Texts("tls.ja3") + record.Texts("tls.ja4"));
        Assert.Equal("a.b", record.Texts("host.http"));
    }

    [Fact]
    public async Task AfterStartTlsOfXmpp()
    {
        GatheredRecord record = await new Exchange()
            .Client("<?xml version='1.0'?><stream:stream xmlns='jabber:client'>"u8.ToArray())
            .Server("<?xml version='1.0'?><stream:stream><stream:features/>"u8.ToArray())
            .Client("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"u8.ToArray())
            .Server("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"u8.ToArray())
            .Client(Record(22, Message(1, BrowserHello())))
            .Server(Record(22, Message(2, ServerHello(0x0303, 0x009C, []))))
            .TcpAsync();
        Assert.Equal(BrowserJa3, record.Texts("tls.ja3string"));
        Assert.Equal("TLSv1.2", record.Texts("tls.version"));
    }

    private static Exchange Browser() =>
        new Exchange()
            .Client(Record(22, Message(1, BrowserHello())))
            .Server([
                .. Record(22, Message(2, ServerHello(0x0303, 0x1301, [Extension(51, 0, 29), Extension(43, 3, 4)], [0xAA, 0xBB]))),
                .. Record(20, 1),
                .. Record(23, new byte[50]),
            ]);

    private static byte[] SHA256(string text) => System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(text));
}
