using FlowPipe.Abstractions;
using FlowPipe.Parsers.Http2;
using FlowPipe.Parsers.WebSocket;

namespace FlowPipe.Parsers.Http;

/// <summary>The parsers of HTTP's family, which begin one another.</summary>
internal sealed class HttpKinds
{
    public HttpKinds(IRegistrar registrar)
    {
        Fields = new HttpFields(registrar);
        var webSocket = new WebSocketFields(registrar);
        Http = registrar.Parser("http", () => new HttpParser(this));
        Http2 = registrar.Parser("http2", () => new Http2Parser(Fields));
        WebSocket = registrar.Parser("websocket", () => new WebSocketParser(webSocket));
    }

    public HttpFields Fields { get; }

    public ParserKind<HttpParser> Http { get; }

    public ParserKind<Http2Parser> Http2 { get; }

    public ParserKind<WebSocketParser> WebSocket { get; }
}
