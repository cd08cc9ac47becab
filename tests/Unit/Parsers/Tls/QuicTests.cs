using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.Parsers.Tls.Handshakes;
using static FlowPipe.Tests.Unit.Parsers.Tls.QuicPackets;

namespace FlowPipe.Tests.Unit.Parsers.Tls;

/// <summary>QUIC: packets that the framework's AES-GCM protects, with keys that are checked against RFC 9001's own.</summary>
public sealed class QuicTests
{
    private static readonly byte[] Hello = Message(1, BrowserHello("quic.example"));
    private static readonly byte[] ServersHello = Message(2, ServerHello(0x0303, 0x1301, [Extension(43, 3, 4), Extension(51, 0)]));

    /// <summary>RFC 9001 appendix A.1, and RFC 9369 appendix A.1: the maker of this test's packets is right.</summary>
    [Theory]
    [InlineData(1u, true, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2")]
    [InlineData(1u, false, "cf3a5331653c364c88f0f379b6067e37", "0ac1493ca1905853b0bba03e", "c206b8d9b9f0f37644430b490eeaa314")]
    [InlineData(0x6B3343CFu, true, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9")]
    public void KeysOfTheSpecification(uint version, bool ofClient, string key, string iv, string protection)
    {
        (byte[] Key, byte[] Iv, byte[] Protection) keys = KeysOf(version, ofClient);
        Assert.Equal(
            [key, iv, protection],
            [Convert.ToHexStringLower(keys.Key), Convert.ToHexStringLower(keys.Iv), Convert.ToHexStringLower(keys.Protection)]
        );
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(0x6B3343CFu)]
    [InlineData(0xFF00001Du)]
    [InlineData(0xFF000017u)]
    [InlineData(0xFACEB002u)]
    public async Task AHandshake(uint version)
    {
        GatheredRecord record = await new Exchange()
            .Client(Padded(version, true, 0, Crypto(0, Hello)))
            .Server(Initial(version, false, 0, [.. Ack, .. Crypto(0, ServersHello)]))
            .UdpAsync();
        Assert.Equal("udp quic", record.Texts("protocols"));
        Assert.Equal("quic.example", record.Texts("host.http"));
        Assert.Equal("q13d1516h2_8daaf6152771_e5627efa2ab1", record.Texts("tls.ja4"));
        Assert.Equal("cd08e31494f9531f560d64c695473da9", record.Texts("tls.ja3"));
        Assert.Equal("771,4865,43-51", record.Texts("tls.ja3sstring"));
        Assert.Equal("TLSv1.3", record.Texts("tls.version"));
    }

    [Fact]
    public async Task WhatArkimeTakes()
    {
        Exchange exchange = new Exchange()
            .Client(Padded(1, true, 0, Crypto(0, Hello)))
            .Server(Initial(1, false, 0, [.. Ack, .. Crypto(0, ServersHello)]));
        exchange.Settings["tlsDatagrams"] = "false";
        GatheredRecord record = await exchange.UdpAsync();
        Assert.Equal("q13d1516h2_8daaf6152771_e5627efa2ab1", record.Texts("tls.ja4"));
        Assert.Equal("", record.Texts("tls.ja3s"));
    }

    /// <summary>Frames out of order, over two packets of one datagram and two datagrams, with pings, padding and repetition between.</summary>
    [Fact]
    public async Task CryptoFramesHoweverSplit()
    {
        byte[] firstDatagram =
        [
            .. Initial(1, true, 0, [1, .. Crypto(200, Hello[200..300]), 0, 0, 0, .. Crypto(20, Hello[20..60])]),
            .. Initial(1, true, 1, [.. Crypto(40, Hello[40..200]), 1]),
        ];
        GatheredRecord record = await new Exchange()
            .Client(firstDatagram)
            .Client(Padded(1, true, 2, [.. Crypto(300, Hello[300..]), 0, .. Crypto(0, Hello[..20])]))
            .UdpAsync();
        Assert.Equal("q13d1516h2_8daaf6152771_e5627efa2ab1", record.Texts("tls.ja4"));
    }

    /// <summary>After a Retry the client begins anew with the id that the server gave it, and keys derive from that.</summary>
    [Fact]
    public async Task AfterRetry()
    {
        byte[] other = [9, 8, 7, 6, 5];
        byte[] retry = [0xF0, 0, 0, 0, 1, 0, 5, .. other, 1, 2, 3, .. new byte[16]];
        GatheredRecord record = await new Exchange()
            .Client(Padded(1, true, 0, Crypto(0, Hello[..100])))
            .Server(retry)
            .Client(Padded(1, true, 1, Crypto(0, Hello), other))
            .Server(Initial(1, false, 0, Crypto(0, ServersHello), other))
            .UdpAsync();
        Assert.Equal("q13d1516h2_8daaf6152771_e5627efa2ab1", record.Texts("tls.ja4"));
        Assert.Equal("771,4865,43-51", record.Texts("tls.ja3sstring"));
    }

    [Fact]
    public async Task WrongBytesSayNothing()
    {
        byte[] datagram = Padded(1, true, 0, Crypto(0, Hello));
        for (int at = 0; at < 60; at++)
        {
            byte[] wrong = [.. datagram];
            wrong[at] ^= 0x41;
            GatheredRecord record = await new Exchange().Client(wrong).UdpAsync();
            Assert.True(record.Texts("tls.ja4") is "" or "q13d1516h2_8daaf6152771_e5627efa2ab1", $"byte {at}: {record.Texts("tls.ja4")}");
        }
        for (int length = 1; length < datagram.Length; length += 11)
        {
            GatheredRecord record = await new Exchange().Client(datagram[..length]).UdpAsync();
            Assert.Equal("", record.Texts("tls.ja4"));
        }
    }

    [Fact]
    public async Task GooglesHello()
    {
        byte[] header = [0x0D, .. new byte[8], .. "Q043"u8, 1, .. new byte[12]];
        GatheredRecord record = await new Exchange().Client([.. header, 0xA0, 1, .. Vector16(Chlo), .. new byte[40]]).UdpAsync();
        Assert.Equal("udp quic", record.Texts("protocols"));
        Assert.Equal("google.example", record.Texts("host.quic"));
        Assert.Equal("Chrome/72", record.Texts("quic.user-agent"));
        Assert.Equal("Q043", record.Texts("quic.version"));
    }

    /// <summary>Before Q039 lengths came least significant byte first, before Q034 there was a byte of private flags.</summary>
    [Fact]
    public async Task GooglesOlderHello()
    {
        byte[] header = [0x0D, .. new byte[8], .. "Q025"u8, 1, .. new byte[12], 0];
        byte[] length = [(byte)Chlo.Length, (byte)(Chlo.Length >> 8)];
        GatheredRecord record = await new Exchange().Client([.. header, 0xA0, 1, .. length, .. Chlo, .. new byte[40]]).UdpAsync();
        Assert.Equal("google.example", record.Texts("host.quic"));
    }

    [Fact]
    public async Task GooglesLongHeader()
    {
        GatheredRecord record = await new Exchange()
            .Client([0xC3, .. "Q046"u8, 0x50, .. new byte[30], .. Chlo, .. new byte[40]])
            .UdpAsync();
        Assert.Equal("google.example", record.Texts("host.quic"));
    }

    [Fact]
    public async Task FacebooksZeroProtocol()
    {
        byte[] stream = [.. "1QTV\0"u8, (byte)Chlo.Length, (byte)(Chlo.Length >> 8), 0, 0, .. Chlo];
        GatheredRecord record = await new Exchange().Client(stream).TcpAsync(segment: 20);
        Assert.Equal("tcp quic fbzero", record.Texts("protocols"));
        Assert.Equal("google.example", record.Texts("host.quic"));
    }
}
