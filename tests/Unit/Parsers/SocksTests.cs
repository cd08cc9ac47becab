using FlowPipe.Abstractions;
using FlowPipe.Parsers;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>SOCKS 4, 4a and 5 (RFC 1928, 1929), and HTTP inside.</summary>
public sealed class SocksTests
{
    private static IFlowPipePlugin[] Plugins => [new SocksPlugin(), new HttpPlugin(), new MagicPlugin()];

    [Fact]
    public void Version4()
    {
        Talk talk = Inside(
            new Talk().Says(Side.Client, [4, 1, 0, 80, 192, 0, 2, 1, .. "joe"u8, 0]).Says(Side.Server, [0, 0x5A, 0, 0, 0, 0, 0, 0])
        );
        ParserSession session = talk.Give(Plugins);
        Assert.Equal("socks http", session.Texts("protocols"));
        Assert.Equal(("192.0.2.1", "80", "joe"), (session.Texts("ip.socks"), session.Texts("port.socks"), session.Texts("socks.user")));
        Assert.Equal("h/inside", session.Texts("http.uri"));
        Assert.Equal("204", session.Texts("http.statuscode"));
        talk.AssertSturdy(Plugins);
    }

    [Fact]
    public void Version4aWithAHost()
    {
        ParserSession session = new Talk()
            .Says(Side.Client, [4, 1, 1, 187, 0, 0, 0, 1, 0, .. "Example.ORG"u8, 0])
            .Says(Side.Server, [0, 0x5A, 0, 0, 0, 0, 0, 0])
            .Give(Plugins);
        Assert.Equal(("", "443", "example.org"), (session.Texts("ip.socks"), session.Texts("port.socks"), session.Texts("host.socks")));
        session.Clear();
    }

    [Fact]
    public void Version5WithUserAndPassword()
    {
        Talk talk = Inside(
            new Talk()
                .Says(Side.Client, [5, 2, 0, 2])
                .Says(Side.Server, [5, 2])
                .Says(Side.Client, [1, 3, .. "joe"u8, 2, .. "pw"u8])
                .Says(Side.Server, [1, 0])
                .Says(Side.Client, [5, 1, 0, 3, 7, .. "Host.Ab"u8, 0, 80])
                .Says(Side.Server, [5, 0, 0, 1, 10, 0, 0, 1, 4, 0])
        );
        ParserSession session = talk.Give(Plugins);
        Assert.Equal("socks http", session.Texts("protocols"));
        Assert.Equal(("host.ab", "80", "joe"), (session.Texts("host.socks"), session.Texts("port.socks"), session.Texts("socks.user")));
        Assert.Equal("socks:password", session.Texts("tags"));
        Assert.Equal("h/inside", session.Texts("http.uri"));
        session.Clear();
    }

    [Fact]
    public void Version5WithAnAddress()
    {
        byte[] address = [0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        Talk talk = Inside(
            new Talk()
                .Says(Side.Client, [5, 1, 0])
                .Says(Side.Server, [5, 0])
                .Says(Side.Client, [5, 1, 0, 4, .. address, 0, 80])
                .Says(Side.Server, [5, 0, 0, 4, .. address, 0, 80])
        );
        ParserSession session = talk.Give(Plugins);
        Assert.Equal(("2001:db8::1", "h/inside"), (session.Texts("ip.socks"), session.Texts("http.uri")));
        session.Clear();
    }

    [Fact]
    public void WhatIsRefusedOrNotSocksEnds()
    {
        ParserSession refused = new Talk()
            .Says(Side.Client, [5, 1, 0])
            .Says(Side.Server, [5, 0])
            .Says(Side.Client, [5, 1, 0, 1, 10, 0, 0, 1, 0, 80])
            .Says(Side.Server, [5, 5, 0, 1, 0, 0, 0, 0, 0, 0])
            .Client("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .Give(Plugins);
        Assert.Equal(("socks", "10.0.0.1", ""), (refused.Texts("protocols"), refused.Texts("ip.socks"), refused.Texts("http.uri")));
        refused.Clear();
        Assert.Equal("", new Talk().Says(Side.Client, [5, 1, 0]).Says(Side.Server, [6, 6, 6]).Give(Plugins).Texts("protocols"));
        Assert.Equal("", new Talk().Says(Side.Client, [5, 9, 0]).Says(Side.Server, [5, 0]).Give(Plugins).Texts("protocols"));
    }

    [Fact]
    public void AWrongPasswordIsTagged()
    {
        ParserSession session = new Talk()
            .Says(Side.Client, [5, 1, 2])
            .Says(Side.Server, [5, 2])
            .Says(Side.Client, [1, 1, (byte)'u', 1, (byte)'p'])
            .Says(Side.Server, [1, 1])
            .Give(Plugins);
        Assert.Equal("socks:password socks:auth-failed", session.Texts("tags"));
        session.Clear();
    }

    private static Talk Inside(Talk talk) =>
        talk.Client("GET /inside HTTP/1.1\r\nHost: h\r\n\r\n").Server("HTTP/1.1 204 No Content\r\n\r\n");
}
