using FlowPipe.Abstractions;
using FlowPipe.Parsers.Http;

namespace FlowPipe.Parsers;

/// <summary>
/// HTTP/1 (RFC 9112), WebSocket (RFC 6455) after it, and HTTP/2 in the clear (RFC 9113): by its preface, or by an upgrade.
/// <code>
/// GET /path?key=value HTTP/1.1\r\n        HTTP/1.1 200 OK\r\n
/// Host: example.com\r\n                   Content-Length: 5\r\n
/// \r\n                                    \r\nhello
/// </code>
/// </summary>
public sealed class HttpPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "http";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var kinds = new HttpKinds(registrar);
        foreach (byte[] method in HttpMethods.Http)
            Classify(registrar, kinds, method);
        foreach (byte[] method in HttpMethods.Rtsp)
        {
            if (HttpMethods.Find(HttpMethods.Http, method) is null)
                Classify(registrar, kinds, method);
        }
        Classify(registrar, kinds, "HTTP"u8);
        registrar.Tcp("http2", 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, (session, _, _) => BeginHttp2(session, kinds));
        // Outlook through a proxy (MS-RPCH): a body without end in each direction, whose methods are no HTTP server's.
        registrar.Tcp("rpc-over-http", 0, "RPC_IN_DATA "u8);
        registrar.Tcp("rpc-over-http", 0, "RPC_OUT_DATA "u8);
    }

    private static void Classify(IRegistrar registrar, HttpKinds kinds, ReadOnlySpan<byte> start)
    {
        registrar.Tcp("http", 0, start, (session, _, _) => Begin(session, kinds));
        registrar.Sctp("http", 0, start, (session, _, _) => Begin(session, kinds));
    }

    private static void Begin(Session session, HttpKinds kinds)
    {
        session.AddProtocol("http"u8);
        session.Add(kinds.Http);
    }

    /// <summary>The preface is written as a request, and recorded as one.</summary>
    private static void BeginHttp2(Session session, HttpKinds kinds)
    {
        session.AddProtocol("http"u8);
        session.AddProtocol("http2"u8);
        session.Fields.Add(kinds.Fields.Method, "PRI"u8);
        session.Fields.Add(kinds.Fields.RequestVersion, "2.0"u8);
        session.Fields.Add(kinds.Fields.Uri, "*"u8);
        session.Add(kinds.Http2);
    }
}
