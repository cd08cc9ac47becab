using FlowPipe.Abstractions;
using FlowPipe.Parsers;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>HTTP/1 by RFC 9112: what is recorded of messages, how they are told apart, and what ends them.</summary>
public sealed class HttpTests
{
    private static readonly (string, string)[] All =
    [
        ("parseQSValue", "true"),
        ("parseCookieValue", "true"),
        ("parseHTTPHeaderRequestAll", "true"),
        ("parseHTTPHeaderResponseAll", "true"),
        ("supportSha256", "true"),
    ];

    private static IFlowPipePlugin[] Plugins => [new HttpPlugin(), new MagicPlugin()];

    private static Talk Plain =>
        new Talk()
            .Client(
                "GET /a/b?key=v%61lue&bare&k2=&q=x%zz HTTP/1.1\r\nHost: Example.COM:8080\r\nUser-Agent: Mozilla/5.0 (Test)\r\n"
                    + "Cookie: id=1; theme=Dark ;empty=; novalue\r\nX-Forwarded-For: 192.0.2.1, 2001:db8::1, nobody\r\n"
                    + "Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n"
            )
            .Server("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 16\r\n\r\n<html>hallo</htm");

    [Fact]
    public void ARequestAndItsResponse()
    {
        ParserSession session = Plain.Give(Plugins, All);
        Assert.Equal("http", session.Texts("protocols"));
        Assert.Equal("GET", session.Texts("http.method"));
        Assert.Equal("1", session.Texts("http.method-GET"));
        Assert.Equal("Example.COM:8080 example.com", session.Texts("host.http"));
        Assert.Equal("example.com:8080/a/b?key=v%61lue&bare&k2=&q=x%zz", session.Texts("http.uri"));
        Assert.Equal("/a/b", session.Texts("http.uri.path"));
        Assert.Equal("key bare k2 q", session.Texts("http.uri.key"));
        Assert.Equal("value x%zz", session.Texts("http.uri.value"));
        Assert.Equal("id theme empty", session.Texts("http.cookie.key"));
        Assert.Equal("1 Dark ", session.Texts("http.cookie.value"));
        Assert.Equal("192.0.2.1 2001:db8::1", session.Texts("ip.xff"));
        Assert.Equal("user", session.Texts("http.user"));
        Assert.Equal("basic", session.Texts("http.authtype"));
        Assert.Equal("Mozilla/5.0 (Test)", session.Texts("http.user-agent"));
        Assert.Equal("1.1", session.Texts("http.version.src"));
        Assert.Equal("1.1", session.Texts("http.version.dst"));
        Assert.Equal("200", session.Texts("http.statuscode"));
        Assert.Equal("host user-agent cookie x-forwarded-for authorization", session.Texts("http.hasheader.src"));
        Assert.Equal("cookie authorization", session.Texts("http.header.request.field"));
        Assert.Equal("content-type content-length", session.Texts("http.header.response.field"));
        Assert.Equal("text/html 16", session.Texts("http.hasheader.dst.value"));
        Assert.Equal("text/html", session.Texts("http.bodymagic"));
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("<html>hallo</htm"u8)),
            session.Texts("http.sha256")
        );
        session.Clear();
    }

    [Fact]
    public void WhatIsOffIsNotRecorded()
    {
        ParserSession session = Plain.Give(Plugins, ("supportMd5", "false"), ("magicMode", "none"));
        foreach (string field in (string[])["http.uri.value", "http.cookie.value", "http.header.request.field", "http.hasheader.src.value"])
            Assert.Equal("", session.Texts(field));
        foreach (string field in (string[])["http.header.response.field", "http.md5", "http.sha256", "http.bodymagic"])
            Assert.Equal("", session.Texts(field));
    }

    [Fact]
    public void PipelinedRequestsAndResponsesWithoutBodies()
    {
        Talk talk = new Talk()
            .Client(
                "HEAD /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nPOST /3 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
                    + "\r\nGET /4 HTTP/1.1\r\nHost: h\r\n\r\n"
            )
            .Server(
                "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" // of HEAD: no body
                    + "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"
                    + "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"
                    + "HTTP/1.1 204 No Content\r\n\r\n"
            );
        ParserSession session = talk.Give(Plugins);
        Assert.Equal("h/1 h/2 h/3 h/4", session.Texts("http.uri"));
        Assert.Equal("HEAD GET POST", session.Texts("http.method"));
        Assert.Equal("2", session.Texts("http.method-GET"));
        Assert.Equal("200 304 100 201 204", session.Texts("http.statuscode"));
        Assert.Equal("body", session.Texts("http.reqbody"));
        Assert.Equal("841a2d689ad86bd1611447453c22c6fc 444bcb3a3fcf8389296c49467f27e1d6", session.Texts("http.md5")); // body, ok
        talk.AssertSturdy(Plugins);
    }

    [Fact]
    public void ChunkedWithExtensionsAndTrailers()
    {
        Talk talk = new Talk()
            .Client("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .Server(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 3\r\n\r\n"
                    + "2;name=\"v\"\r\nhe\r\n3\r\nllo\r\n0\r\nDigest: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            );
        ParserSession session = talk.Give(Plugins);
        Assert.Equal("5d41402abc4b2a76b9719d911017c592", session.Texts("http.md5")); // hello
        Assert.Equal("200 404", session.Texts("http.statuscode"));
        Assert.Equal("transfer-encoding content-length digest", session.Texts("http.hasheader.dst"));
        talk.AssertSturdy(Plugins);
    }

    [Fact]
    public void ABodyUntilTheEnd()
    {
        Talk talk = new Talk().Client("GET / HTTP/1.0\r\n\r\n").Server("HTTP/1.0 200 OK\r\n\r\nhel").Server("lo");
        ParserSession session = talk.Give(Plugins);
        Assert.Equal("5d41402abc4b2a76b9719d911017c592", session.Texts("http.md5"));
        Assert.Equal("/", session.Texts("http.uri"));
        Assert.Equal("", session.Texts("http.uri.path")); // nobody said whose
        talk.AssertSturdy(Plugins);
    }

    [Theory]
    [InlineData("GET /a b HTTP/1.0", "/a")]
    [InlineData("GET /a XYZ", "/a")]
    [InlineData("GET a XYZ", "")]
    [InlineData("TAKE /a XYZ", "")]
    public void WhatWasAskedForIsKeptWhereTheVersionIsNone(string line, string uri)
    {
        Talk talk = new Talk().Client($"{line}\r\n\r\n").Server("HTTP/1.1 200 OK\r\n\r\n");
        ParserSession session = talk.Give(Plugins);
        Assert.Equal(uri, session.Texts("http.uri"));
        Assert.Equal("", session.Texts("http.method"));
        talk.AssertSturdy(Plugins);
    }

    [Fact]
    public void ACutOffBodyHasATypeButNoDigest()
    {
        ParserSession session = new Talk()
            .Client("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .Server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nGIF89a......")
            .Give(Plugins);
        Assert.Equal("", session.Texts("http.md5"));
        Assert.Equal("image/gif", session.Texts("http.bodymagic"));
    }

    [Fact]
    public void AGapInABodyCostsItsDigestOnly()
    {
        var session = new ParserSession(Plugins);
        session.Client("GET / HTTP/1.1\r\nHost: h\r\n\r\n").Server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        session.Send(Side.Server, "fghij"u8, gapBefore: 2);
        session.Server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").End();
        Assert.Equal("200 404", session.Texts("http.statuscode"));
        Assert.Equal("", session.Texts("http.md5"));
    }

    [Fact]
    public void AGapInAHeadEndsTheSide()
    {
        var session = new ParserSession(Plugins);
        session.Client("GET / HTTP/1.1\r\nHost: h\r\nX: ").Send(Side.Client, "\r\nGET /2 HTTP/1.1\r\n\r\n"u8, gapBefore: 5).End();
        Assert.Equal("", session.Texts("http.method"));
        Assert.Equal("host", session.Texts("http.hasheader.src")); // what was said before
        session.Clear();
    }

    [Theory]
    [InlineData("Digest realm=\"r\", username=\"Mufasa\", nonce=\"n\"", "digest", "Mufasa")]
    [InlineData("Digest username = Mufasa, realm=r", "digest", "Mufasa")]
    [InlineData("Digest realm=\"r\"", "digest", "")]
    [InlineData("Basic token=abc", "basic", "")]
    [InlineData("Basic bm9jb2xvbg==", "basic", "nocolon")]
    [InlineData("Bearer abc.def", "bearer", "")]
    [InlineData("Negotiate", "", "")]
    public void WhoAuthenticates(string header, string type, string user)
    {
        ParserSession session = new Talk().Client($"GET / HTTP/1.1\r\nHost: h\r\nProxy-Authorization: {header}\r\n\r\n").Give(Plugins);
        Assert.Equal((type, user), (session.Texts("http.authtype"), session.Texts("http.user")));
    }

    [Theory]
    [InlineData("GET http://h.example/x HTTP/1.1", "h.example", "http://h.example/x")]
    [InlineData("GET http://other/x HTTP/1.1", "h.example", "h.example;http://other/x")]
    [InlineData("OPTIONS * HTTP/1.1", "h.example", "h.example;*")]
    [InlineData("GET /x HTTP/1.1", "[2001:db8::1]:80", "[2001:db8::1]:80/x")]
    public void WhatWasAskedFor(string line, string host, string uri)
    {
        ParserSession session = new Talk().Client($"{line}\r\nHost: {host}\r\n\r\n").Give(Plugins);
        Assert.Equal(uri, session.Texts("http.uri"));
    }

    [Fact]
    public void AnIPv6HostKeepsItsBrackets()
    {
        ParserSession session = new Talk().Client("GET /x HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n").Give(Plugins);
        Assert.Equal("[2001:db8::1]:80 [2001:db8::1]", session.Texts("host.http"));
    }

    [Fact]
    public void ALongUriIsCutAndTagged()
    {
        string path = "/" + new string('a', 5000);
        ParserSession session = new Talk().Client($"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").Give(Plugins);
        Assert.Equal(4096, session.Texts("http.uri").Length);
        Assert.Equal("http:url-truncated", session.Texts("tags"));
    }

    [Fact]
    public void AFoldedHeaderIsOne()
    {
        Talk talk = new Talk().Client("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: one\r\n\t two\r\nAccept: x\r\n\r\n");
        ParserSession session = talk.Give(Plugins);
        Assert.Equal("one two", session.Texts("http.user-agent"));
        Assert.Equal("host user-agent accept", session.Texts("http.hasheader.src"));
        talk.AssertSturdy(Plugins);
    }

    [Fact]
    public void LinesWithoutCarriageReturnsAndHttp09()
    {
        Assert.Equal("h/a", new Talk().Client("GET /a HTTP/1.1\nHost: h\n\n").Give(Plugins).Texts("http.uri"));
        ParserSession old = new Talk().Client("GET /a\r\n\r\n").Server("<html>").Give(Plugins);
        Assert.Equal(("/a", "0.9"), (old.Texts("http.uri"), old.Texts("http.version.src")));
    }

    [Theory]
    [InlineData("POST", "name=x&Password=secret", "http:password")]
    [InlineData("POST", "userpass=secret", "http:password")]
    [InlineData("POST", "passport=x", "")]
    public void PasswordsInForms(string method, string body, string tag)
    {
        Talk talk = new Talk().Client($"{method} / HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.Equal(tag, talk.Give(Plugins).Texts("tags"));
        talk.AssertSturdy(Plugins);
    }

    [Theory]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void SmallRequestBodiesAreRecorded(int length, bool recorded)
    {
        string body = new('x', length);
        Talk talk = new Talk().Client($"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n").Client(body);
        Assert.Equal(recorded ? body : "", talk.Give(Plugins).Texts("http.reqbody"));
        talk.AssertSturdy(Plugins);
    }

    [Fact]
    public void RequestBodiesThatAreNoTextAreNot()
    {
        Talk talk = new Talk().Client("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n\u00ff\u00fe\u0000");
        Assert.Equal("", talk.Give(Plugins).Texts("http.reqbody"));
        Assert.NotEqual("", talk.Give(Plugins, ("reqBodyOnlyUtf8", "false")).Texts("http.reqbody"));
    }

    [Fact]
    public void ALargeBodyInPiecesIsHashedAndJudgedByItsBeginning()
    {
        byte[] body = [.. "MZ"u8, .. Enumerable.Range(0, 100_000).Select(static i => (byte)(i * 7))];
        var talk = new Talk()
            .Client("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .Server($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n");
        foreach (byte[] piece in body.Chunk(1460))
            talk.Says(Side.Server, piece);
        ParserSession session = talk.Give(Plugins, ("supportSha256", "true"));
        Assert.Equal("application/x-dosexec", session.Texts("http.bodymagic"));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(body)), session.Texts("http.sha256"));
        session.Clear();
    }

    [Fact]
    public void WhatFollowsAConnectIsClassified()
    {
        Talk talk = new Talk()
            .Client("CONNECT inner.example:80 HTTP/1.0\r\n\r\n")
            .Server("HTTP/1.0 200 Connection established\r\n\r\n")
            .Client("GET /inside HTTP/1.1\r\nHost: inner.example\r\n\r\n")
            .Server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        ParserSession session = talk.Give(Plugins);
        Assert.Equal("CONNECT GET", session.Texts("http.method"));
        Assert.Equal("inner.example:80 inner.example/inside", session.Texts("http.uri"));
        Assert.Equal("200 404", session.Texts("http.statuscode"));
    }

    [Fact]
    public void ARefusedConnectIsTriedAgain()
    {
        ParserSession session = new Talk()
            .Client("CONNECT inner.example:443 HTTP/1.1\r\nHost: inner.example:443\r\n\r\n")
            .Server("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            .Client("CONNECT inner.example:443 HTTP/1.1\r\nHost: inner.example:443\r\nProxy-Authorization: Basic dTpw\r\n\r\n")
            .Server("HTTP/1.1 200 OK\r\n\r\n")
            .Give(Plugins);
        Assert.Equal(("407 200", "u"), (session.Texts("http.statuscode"), session.Texts("http.user")));
        Assert.Equal("2", session.Texts("http.method-CONNECT"));
    }

    [Fact]
    public void AnUpgradeThatWasNotTakenGoesOnAsHttp()
    {
        ParserSession session = new Talk()
            .Client("GET /1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
            .Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .Client("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
            .Give(Plugins);
        Assert.Equal("h/1 h/2", session.Texts("http.uri"));
        Assert.Equal("http", session.Texts("protocols"));
    }

    [Theory]
    [InlineData("CONNECT {\"verbose\":false}\r\n")]
    [InlineData("OPTIONS sip:probe@edge.test SIP/2.0\r\nVia: x\r\n\r\n")]
    [InlineData("GET  HTTP/1.1\r\n\r\n")]
    [InlineData("GET /x HTTP/1\r\n\r\n")]
    [InlineData("GET /x HTTP/x.1\r\n\r\n")]
    [InlineData("HTTP/1.1 2x0 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200OK\r\n\r\n")]
    [InlineData("GETAWAY this is no request at all\r\n\r\n")]
    [InlineData("GETAWAY this is no request and no line")]
    [InlineData("GET / HTTP/1.1\r\nno colon\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nbad name: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n")]
    public void WhatIsNotHttpEndsTheSide(string said)
    {
        var session = new ParserSession(Plugins);
        session.Client(said);
        Assert.Equal("http", session.Texts("protocols"));
        Assert.Equal("", session.Texts("http.method"));
        // the client's side costs nothing more, the server is still listened to
        session.Server("HTTP/1.1 200 OK\r\n\r\n");
        Assert.False(session.Wants(Side.Client));
        session.End().Clear();
    }

    [Theory]
    [InlineData("zz\r\n")]
    [InlineData("fffffffffffffffff\r\n")]
    [InlineData("2\r\nabc\r\n")]
    public void BadChunksEndTheSide(string chunks)
    {
        ParserSession session = new Talk()
            .Client("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .Server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
            .Give(Plugins);
        Assert.Equal("", session.Texts("http.md5"));
        session.Clear();
    }

    [Fact]
    public void AHeadWithoutEndIsGivenUp()
    {
        var session = new ParserSession(Plugins);
        session.Client("GET / HTTP/1.1\r\nX: ");
        string piece = new('a', 1000);
        for (int i = 0; i < 100; i++)
            session.Client(piece);
        Assert.False(session.Wants(Side.Client));
        session.End().Clear();
    }

    [Fact]
    public void RtspIsReadAsArkimeReadsIt()
    {
        ParserSession session = new Talk().Client("OPTIONS rtsp://h/x RTSP/1.0\r\nCSeq: 1\r\n\r\n").Give(Plugins);
        Assert.Equal(("OPTIONS", "rtsp://h/x"), (session.Texts("http.method"), session.Texts("http.uri")));
    }

    [Theory]
    [InlineData("/certsrv/certfnsh.asp", "http adcs-web")]
    [InlineData("/certsrv/", "http adcs-web")]
    [InlineData("/certsrv/..%255cwinnt/system32/cmd.exe?/c+dir", "http")]
    [InlineData("/CertSrv/MSCEP_admin/", "http adcs-ndes")]
    [InlineData("/ADPolicyProvider_CEP_Kerberos/service.svc/CEP", "http adcs-cep")]
    [InlineData("/CA_CES_Kerberos/service.svc/CES", "http adcs-ces")]
    [InlineData("/wsman/subscriptions", "http winrm")]
    [InlineData("/wsmania", "http")]
    public void ServicesByPath(string path, string protocols) =>
        Assert.Equal(protocols, new Talk().Client($"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").Give(Plugins).Texts("protocols"));

    [Fact]
    public void ListsOfHeadersKeepNamesAndValuesTogether()
    {
        const string Request = "GET / HTTP/1.1\r\nHost: h\r\nAccept: A\r\nX: 1\r\n\r\n";
        ParserSession session = new Talk().Client(Request + Request).Give(Plugins, All);
        Assert.Equal("accept x accept x", session.Texts("http.header.request.field"));
        Assert.Equal("a 1 a 1", session.Texts("http.hasheader.src.value"));
        Assert.Equal("host accept x", session.Texts("http.hasheader.src"));
    }

    [Fact]
    public void InPiecesAndCutOff() => Plain.AssertSturdy(Plugins, All);
}
