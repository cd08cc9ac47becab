using FlowPipe.Abstractions;
using FlowPipe.Parsers;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>WebSocket (RFC 6455) after its upgrade, with the frames of the RFC's section 5.7.</summary>
public sealed class WebSocketTests
{
    private static IFlowPipePlugin[] Plugins => [new HttpPlugin(), new MagicPlugin()];

    private static Talk Upgraded =>
        new Talk()
            .Client("GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            .Server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");

    [Fact]
    public void TheFramesOfTheRfc()
    {
        Talk talk = Upgraded
            .Says(Side.Server, [0x81, 0x05, .. "Hello"u8])
            .Says(Side.Client, [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
            .Says(Side.Server, [0x01, 0x03, .. "Hel"u8, 0x89, 0x02, 1, 2, 0x80, 0x02, .. "lo"u8])
            .Says(Side.Server, [0x82, 0x7E, 0x01, 0x00, .. new byte[256]])
            .Says(Side.Client, [0x8A, 0x80, 0, 0, 0, 0])
            .Says(Side.Server, [0x88, 0x05, 0x03, 0xE8, .. "bye"u8]);
        ParserSession session = talk.Give(Plugins);
        Assert.Equal("http websocket", session.Texts("protocols"));
        Assert.Equal("Text Ping Binary Pong Close", session.Texts("websocket.opcode"));
        Assert.Equal("Hello Hel lo", session.Texts("websocket.textSample"));
        Assert.Equal(("1000", "bye"), (session.Texts("websocket.closeCode"), session.Texts("websocket.closeReason")));
        Assert.Equal("8", session.Texts("websocket.frameCnt"));
        Assert.Equal("2", session.Texts("websocket.maskedFromClient"));
        Assert.Equal("278", session.Texts("websocket.payloadBytes"));
        talk.AssertSturdy(Plugins);
    }

    [Fact]
    public void FramesInTheSegmentOfTheResponse()
    {
        Talk talk = new Talk()
            .Client("GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            .Server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\u0081\u0002hi");
        Assert.Equal("hi", talk.Give(Plugins).Texts("websocket.textSample"));
    }

    [Fact]
    public void OnlyTheBeginningOfALongTextIsRecorded()
    {
        byte[] text = [.. Enumerable.Repeat((byte)'x', 1000)];
        Talk talk = Upgraded
            .Says(Side.Server, [0x81, 0x7F, 0, 0, 0, 0, 0, 0, 0x03, 0xE8, .. text])
            .Says(Side.Server, [0x81, 0x01, (byte)'y']);
        Assert.Equal(new string('x', 256) + " y", talk.Give(Plugins).Texts("websocket.textSample"));
        talk.AssertSturdy(Plugins);
    }

    [Fact]
    public void NotMoreSamplesThanWereAskedFor()
    {
        Talk talk = Upgraded.Says(Side.Server, [0x81, 1, (byte)'a', 0x81, 1, (byte)'b', 0x81, 1, (byte)'c']);
        Assert.Equal("a b", talk.Give(Plugins, ("websocketTextSampleCnt", "2")).Texts("websocket.textSample"));
    }

    [Fact]
    public void CompressedOrBrokenTextIsNotShown()
    {
        Talk talk = Upgraded.Says(Side.Server, [0xC1, 2, 0x4A, 0x4C, 0x81, 4, (byte)'o', 0x01, (byte)'k', 0xFF, 0x81, 1, 0xFF]);
        Assert.Equal("o.k", talk.Give(Plugins).Texts("websocket.textSample"));
    }

    [Fact]
    public void AnImpossibleLengthEndsTheSide()
    {
        ParserSession session = Upgraded.Says(Side.Server, [0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]).Give(Plugins);
        Assert.Equal("websocket:bad-length", session.Texts("tags"));
        session.Clear();
    }
}
