using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.Parsers.Tls.Handshakes;

namespace FlowPipe.Tests.Unit.Parsers.Tls;

/// <summary>DTLS (RFC 6347): fragments in any order, alone or behind STUN.</summary>
public sealed class DtlsTests
{
    private static readonly byte[] Hello = ClientHello(
        0xFEFD,
        [0xC02B, 0x00FF],
        [ServerName("dtls.example"), Extension(10, Vector16(U16s(29))), Extension(43, Vector8(U16s(0xFEFD, 0xFEFC)))],
        cookie: [1, 2, 3]
    );

    private const string Ja3 = "65277,49195-255,0-10-43,29,";
    private static readonly string Ja4 = $"dd3d020300_{ShortSha256("00ff,c02b")}_{ShortSha256("000a,002b")}";

    [Fact]
    public async Task AHandshake()
    {
        GatheredRecord record = await new Exchange()
            .Client(Datagram(Whole(1, Hello, 0)))
            .Server(Datagram(Whole(3, [0xFE, 0xFF, 0], 0)))
            .Client(Datagram(Whole(1, Hello, 1)))
            .Server(Datagram(Whole(2, ServerHello(0xFEFD, 0xC02B, [Extension(23)], [7]), 1)))
            .UdpAsync();
        Assert.Equal("udp dtls", record.Texts("protocols"));
        Assert.Equal(Ja3, record.Texts("tls.ja3string"));
        Assert.Equal(Ja4, record.Texts("tls.ja4"));
        Assert.Equal("dtls.example", record.Texts("host.http"));
        Assert.Equal("DTLSv1.2", record.Texts("tls.version"));
        Assert.Equal("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", record.Texts("tls.cipher"));
        Assert.Equal("65277,49195,23", record.Texts("tls.ja3sstring"));
        Assert.Equal("07", record.Texts("tls.sessionid.dst"));
    }

    [Fact]
    public async Task WhatArkimeTakes()
    {
        Exchange exchange = new Exchange()
            .Client(Datagram(Whole(1, Hello, 0)))
            .Server(Datagram(Whole(2, ServerHello(0xFEFD, 0xC02B, []), 0)));
        exchange.Settings["tlsDatagrams"] = "false";
        GatheredRecord record = await exchange.UdpAsync();
        Assert.Equal(Ja4, record.Texts("tls.ja4"));
        Assert.Equal("", record.Texts("tls.ja3") + record.Texts("tls.version") + record.Texts("host.http"));
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(2, 1, 0)]
    [InlineData(1, 2, 0)]
    public async Task FragmentsInAnyOrder(params int[] order)
    {
        int third = Hello.Length / 3;
        byte[][] fragments =
        [
            Fragment(1, Hello.Length, 0, 0, Hello[..(third + 5)]),
            Fragment(1, Hello.Length, 0, third, Hello[third..(2 * third)]),
            Fragment(1, Hello.Length, 0, 2 * third, Hello[(2 * third)..]),
        ];
        var exchange = new Exchange();
        foreach (int one in order)
            exchange.Client(Datagram(fragments[one]));
        GatheredRecord record = await exchange.UdpAsync();
        // A session is known by its first datagram, which must begin the hello or be behind STUN: here any fragment says so.
        Assert.Equal(Ja3, record.Texts("tls.ja3string"));
    }

    [Fact]
    public async Task BehindStun()
    {
        byte[] stun = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, .. new byte[12]];
        GatheredRecord record = await new Exchange().Client(stun).Server(stun).Client(Datagram(Whole(1, Hello, 0))).UdpAsync();
        Assert.Equal("udp dtls", record.Texts("protocols"));
        Assert.Equal(Ja4, record.Texts("tls.ja4"));
    }

    [Fact]
    public async Task CutOffAnywhere()
    {
        byte[] datagram = Datagram(Whole(1, Hello, 0));
        for (int length = 1; length < datagram.Length; length += 3)
        {
            GatheredRecord record = await new Exchange().Client(datagram[..length]).UdpAsync();
            Assert.Equal("", record.Texts("tls.ja3") + record.Texts("tls.ja4"));
        }
    }

    private static byte[] Whole(int type, byte[] body, int sequence) => Fragment(type, body.Length, sequence, 0, body);

    private static byte[] Fragment(int type, int length, int sequence, int offset, byte[] part) =>
        [(byte)type, .. U24(length), .. U16(sequence), .. U24(offset), .. U24(part.Length), .. part];

    private static byte[] Datagram(byte[] fragments) => [22, 0xFE, 0xFD, .. new byte[8], .. Vector16(fragments)];
}
