using FlowPipe.Abstractions;
using FlowPipe.Parsers;
using FlowPipe.Parsers.Http2;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>HTTP/2 (RFC 9113) in the clear, its header blocks those of RFC 7541 appendix C.</summary>
public sealed class Http2Tests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    // RFC 7541 C.4 and C.6: three requests, three responses, with Huffman's code and a table of 256 bytes
    private const string Request1 = "828684418cf1e3c2e5f23a6ba0ab90f4ff";
    private const string Request2 = "828684be5886a8eb10649cbf";
    private const string Request3 = "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf";
    private const string Response1 =
        "3fe10148"
        + "82"
        + "6402"
        + "5885aec3771a4b"
        + "6196d07abe941054d444a8200595040b8166e082a62d1bff"
        + "6e919d29ad171863c78f0b97c8e9ae82ae43d3";
    private const string Response2 = "4883640effc1c0bf";
    private const string Response3 =
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007";

    private static readonly byte[] Settings = Frame(4, 0, 0, [0, 3, 0, 0, 0, 100]);

    private static IFlowPipePlugin[] Plugins => [new HttpPlugin(), new MagicPlugin()];

    private static Talk Exchange =>
        new Talk()
            .Says(Side.Client, [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Settings, .. Frame(1, 0x5, 1, Hex(Request1))])
            .Says(Side.Server, [.. Settings, .. Frame(4, 1, 0, []), .. Frame(1, 0x4, 1, Hex(Response1))])
            .Says(Side.Server, Frame(0, 0x9, 1, [3, .. "hello"u8, 0, 0, 0]))
            .Says(Side.Client, Frame(1, 0x25, 3, [0, 0, 0, 0, 7, .. Hex(Request2)]))
            .Says(Side.Server, [.. Frame(1, 0, 3, Hex(Response2)[..3]), .. Frame(9, 0x4, 3, Hex(Response2)[3..]), .. Frame(0, 1, 3, [])])
            .Says(Side.Client, [.. Frame(1, 0x4, 5, Hex(Request3)), .. Frame(0, 0, 5, [.. "GIF8"u8]), .. Frame(0, 1, 5, [.. "9a"u8])])
            .Says(Side.Server, [.. Frame(1, 0x5, 5, Hex(Response3))]);

    [Fact]
    public void TheExamplesOfHpack()
    {
        ParserSession session = Exchange.Give(Plugins, ("parseHTTPHeaderResponseAll", "true"));
        Assert.Equal("http http2", session.Texts("protocols"));
        Assert.Equal("PRI GET", session.Texts("http.method"));
        Assert.Equal("www.example.com", session.Texts("host.http"));
        Assert.Equal("/ /index.html", session.Texts("http.uri.path"));
        Assert.Equal("302 307 200", session.Texts("http.statuscode"));
        Assert.Equal("cache-control custom-key", session.Texts("http.hasheader.src"));
        Assert.Equal("cache-control date location content-encoding set-cookie", session.Texts("http.hasheader.dst"));
        Assert.Contains(
            "foo=asdjkhqkbzxoqweopiuaxqweoiu; max-age=3600; version=1",
            session.Texts("http.hasheader.dst.value"),
            StringComparison.Ordinal
        );
        Assert.Equal(
            "5d41402abc4b2a76b9719d911017c592 91bf9b0bcba7af62d9fa0c7b8ce08b8b".Split(' ')[0],
            session.Texts("http.md5").Split(' ')[0]
        );
        Assert.Equal("image/gif", session.Texts("http.bodymagic"));
        session.Clear();
    }

    [Fact]
    public void InPiecesAndCutOff() => Exchange.AssertSturdy(Plugins, ("parseHTTPHeaderResponseAll", "true"));

    [Fact]
    public void ByUpgrade()
    {
        Talk talk = new Talk()
            .Client("GET /1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n")
            .Says(
                Side.Server,
                [
                    .. "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"u8,
                    .. Settings,
                    .. Frame(1, 0x4, 1, [0x8D]),
                    .. Frame(0, 1, 1, [.. "hello"u8]),
                ]
            )
            .Says(Side.Client, [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Settings, .. Frame(1, 0x5, 3, Hex(Request1))]);
        ParserSession session = talk.Give(Plugins);
        Assert.Equal("http http2", session.Texts("protocols"));
        Assert.Equal("101 404", session.Texts("http.statuscode"));
        Assert.Equal("h www.example.com", session.Texts("host.http"));
        Assert.Equal("5d41402abc4b2a76b9719d911017c592", session.Texts("http.md5"));
        talk.AssertSturdy(Plugins);
    }

    [Fact]
    public void DataOfAClosedStreamIsTagged()
    {
        ParserSession session = new Talk()
            .Says(
                Side.Client,
                [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(1, 0x4, 1, Hex(Request1)), .. Frame(3, 0, 1, [0, 0, 0, 8])]
            )
            .Says(Side.Client, Frame(0, 1, 1, [.. "hello"u8]))
            .Give(Plugins);
        Assert.Equal(("http2:data-frame-after-close", ""), (session.Texts("tags"), session.Texts("http.md5")));
        session.Clear();
    }

    [Theory]
    [InlineData("80")] // index 0
    [InlineData("c8")] // an index beyond the tables
    [InlineData("3fffffff7f")] // a table that is too large
    [InlineData("4002616203")] // a value that is not there
    [InlineData("40ffffffffff7f")] // a length beyond reason
    [InlineData("408400000000" + "00")] // end-of-string is not so coded
    [InlineData("4085ffffffffff00")] // end-of-string in a string
    public void HeaderBlocksThatAreNoneEndTheSide(string block)
    {
        var session = new ParserSession(Plugins);
        session.Send(Side.Client, [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(1, 0x5, 1, Hex(block))]);
        session.Server("x");
        bool wants = session.Wants(Side.Client);
        session.End().Clear();
        Assert.False(wants);
    }

    [Fact]
    public void HuffmansCodeKnowsEveryByte()
    {
        // RFC 7541 appendix B: codes of 5, 8, 13, 28 and 30 bits, filled up with ones
        Assert.Equal("0", Decode("07"));
        Assert.Equal("&", Decode("f8"));
        Assert.Equal("\0", Decode("ffc7"));
        Assert.Equal("\u0002", Decode("fffffe2f"));
        Assert.Equal("\n", Decode("fffffff3"));
        Assert.Equal("www.example.com", Decode("f1e3c2e5f23a6ba0ab90f4ff"));
        Assert.Null(Decode("fffffffe")); // ends inside a code
        Assert.Null(Decode("07ff")); // filled up by more than seven bits
        Assert.Null(Decode("06")); // filled up with zeros

        static string? Decode(string hex)
        {
            Span<byte> decoded = stackalloc byte[64];
            int length = HpackHuffman.Decode(Hex(hex), decoded);
            return length < 0 ? null : System.Text.Encoding.Latin1.GetString(decoded[..length]);
        }
    }

    [Fact]
    public void ATableOfManyEntriesKeepsTheNewest()
    {
        var talk = new Talk().Client(Preface);
        // 400 different headers of 36 to 38 bytes: the table, 4096 bytes, has the last of them at index 62
        for (int i = 0; i < 400; i++)
            talk.Says(
                Side.Client,
                Frame(
                    1,
                    0x5,
                    (uint)(2 * i) + 1,
                    [0x40, 1, (byte)'x', 3, (byte)('0' + (i / 100)), (byte)('0' + (i / 10 % 10)), (byte)('0' + (i % 10))]
                )
            );
        talk.Says(Side.Client, Frame(1, 0x5, 1001, [0xBE, 0xBF, 0xFF, 0x00]));
        ParserSession session = talk.Give(Plugins, ("parseHTTPHeaderRequestAll", "true"));
        string[] values = session.Texts("http.hasheader.src.value").Split(' ');
        Assert.Equal(["399", "399", "398"], values[^4..^1]);
        session.Clear();
    }

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);

    private static byte[] Frame(byte type, byte flags, uint stream, byte[] payload) =>
        [
            (byte)(payload.Length >> 16),
            (byte)(payload.Length >> 8),
            (byte)payload.Length,
            type,
            flags,
            (byte)(stream >> 24),
            (byte)(stream >> 16),
            (byte)(stream >> 8),
            (byte)stream,
            .. payload,
        ];
}
