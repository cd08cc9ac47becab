namespace FlowPipe.Tests.Fuzz;

/// <summary>Conversations of HTTP and what is built on it.</summary>
internal static class HttpSeeds
{
    private static readonly byte[] Upgrade = "GET /c HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"u8.ToArray();

    private static readonly byte[] Upgraded = "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"u8.ToArray();

    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    public static IEnumerable<byte[]> Http =>
        [
            ParserTarget.Seed(
                "GET /a?b=%41&c=d HTTP/1.1\r\nHost: h:80\r\nCookie: a=b; c=d\r\nAuthorization: Basic dTpw\r\nX-Forwarded-For: 10.0.0.1, ::1\r\n\r\n"u8.ToArray(),
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n c\r\n\r\n5;x\r\nhello\r\n0\r\nT: x\r\n\r\n"u8.ToArray(),
                "HEAD / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 6\r\n\r\npass=x"u8.ToArray(),
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.0 200 OK\r\n\r\n<html>"u8.ToArray()
            ),
            ParserTarget.Seed(
                "CONNECT h:443 HTTP/1.1\r\nProxy-Authorization: Digest username=\"u\", realm=\"r\"\r\n\r\n"u8.ToArray(),
                "HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(),
                "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"u8.ToArray(),
                "HTTP/1.1 304 N\r\n\r\n"u8.ToArray()
            ),
        ];

    public static IEnumerable<byte[]> WebSocket =>
        [
            ParserTarget.Seed(
                Upgrade,
                [.. Upgraded, 0x81, 5, .. "Hello"u8],
                [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58, 0x01, 0x80, 1, 2, 3, 4],
                [0x82, 0x7E, 0, 130, .. new byte[130], 0x88, 5, 3, 0xE8, .. "bye"u8]
            ),
        ];

    public static IEnumerable<byte[]> Socks =>
        [
            ParserTarget.Seed(
                [4, 1, 0, 80, 0, 0, 0, 1, .. "u"u8, 0, .. "host"u8, 0],
                [0, 0x5A, 0, 0, 0, 0, 0, 0],
                "GET / HTTP/1.0\r\n\r\n"u8.ToArray()
            ),
            ParserTarget.Seed(
                [5, 2, 0, 2],
                [5, 2],
                [1, 1, (byte)'u', 1, (byte)'p'],
                [1, 0],
                [5, 1, 0, 3, 4, .. "host"u8, 0, 80],
                [5, 0, 0, 1, 10, 0, 0, 1, 0, 80],
                "GET / HTTP/1.0\r\n\r\n"u8.ToArray()
            ),
        ];

    /// <summary>The header blocks are those of RFC 7541 appendix C.</summary>
    public static IEnumerable<byte[]> Http2 =>
        [
            ParserTarget.Seed(
                [
                    .. Preface,
                    .. Frame(4, 0, 0, "000300000064"),
                    .. Frame(1, 5, 1, "828684418cf1e3c2e5f23a6ba0ab90f4ff"),
                    .. Frame(1, 4, 3, "828684be5886a8eb10649cbf"),
                ],
                [
                    .. Frame(
                        1,
                        4,
                        1,
                        "3fe1014882640258"
                            + "85aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3"
                    ),
                    .. Frame(0, 9, 1, "0268656c6c6f0000"),
                    .. Frame(1, 0, 3, "488364"),
                    .. Frame(9, 4, 3, "0effc1c0bf"),
                ],
                [.. Frame(0, 1, 3, "474946383961"), .. Frame(3, 0, 3, "00000008"), .. Frame(5, 4, 5, "0000000682")]
            ),
        ];

    private static byte[] Frame(byte type, byte flags, byte stream, string payload)
    {
        byte[] bytes = Convert.FromHexString(payload);
        return [0, 0, (byte)bytes.Length, type, flags, 0, 0, 0, stream, .. bytes];
    }
}
