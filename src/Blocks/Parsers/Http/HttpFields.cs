using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Http;

/// <summary>The fields of HTTP, in whatever version, and what the user has set.</summary>
internal sealed class HttpFields(IRegistrar registrar)
{
    public readonly SpiField Host = registrar.Field("host.http");
    public readonly SpiField Uri = registrar.Field("http.uri");
    public readonly SpiField Path = registrar.Field("http.uri.path");
    public readonly SpiField Key = registrar.Field("http.uri.key");
    public readonly SpiField Value = registrar.Field("http.uri.value");
    public readonly SpiField Method = registrar.Field("http.method");
    public readonly SpiField StatusCode = registrar.Field("http.statuscode");
    public readonly SpiField RequestVersion = registrar.Field("http.version.src");
    public readonly SpiField ResponseVersion = registrar.Field("http.version.dst");
    public readonly SpiField UserAgent = registrar.Field("http.user-agent");
    public readonly SpiField ForwardedFor = registrar.Field("ip.xff");
    public readonly SpiField User = registrar.Field("http.user");
    public readonly SpiField AuthType = registrar.Field("http.authtype");
    public readonly SpiField CookieKey = registrar.Field("http.cookie.key");
    public readonly SpiField CookieValue = registrar.Field("http.cookie.value");
    public readonly SpiField RequestHeader = registrar.Field("http.hasheader.src");
    public readonly SpiField ResponseHeader = registrar.Field("http.hasheader.dst");
    public readonly SpiField RequestHeaderField = registrar.Field("http.header.request.field");
    public readonly SpiField RequestHeaderValue = registrar.Field("http.hasheader.src.value");
    public readonly SpiField ResponseHeaderField = registrar.Field("http.header.response.field");
    public readonly SpiField ResponseHeaderValue = registrar.Field("http.hasheader.dst.value");
    public readonly SpiField RequestBody = registrar.Field("http.reqbody");
    public readonly SpiField Md5 = registrar.Field("http.md5");
    public readonly SpiField Sha256 = registrar.Field("http.sha256");
    public readonly SpiField BodyMagic = registrar.Field("http.bodymagic");

    /// <summary>Counts of requests, in the order of <see cref="HttpMethods.Counted"/>.</summary>
    public readonly SpiField[] MethodCounts = Array.ConvertAll(
        HttpMethods.Counted,
        method => registrar.Field("http.method-" + System.Text.Encoding.ASCII.GetString(method))
    );

    public readonly bool QueryValues = registrar.Setting("parseQSValue", false, "Record the values of query strings, not only their keys");

    public readonly bool CookieValues = registrar.Setting(
        "parseCookieValue",
        false,
        "Record the values of cookies in requests, not only their names"
    );

    public readonly bool AllRequestHeaders = registrar.Setting(
        "parseHTTPHeaderRequestAll",
        false,
        "Record name and value of every HTTP request header that has no field of its own"
    );

    public readonly bool AllResponseHeaders = registrar.Setting(
        "parseHTTPHeaderResponseAll",
        false,
        "Record name and value of every HTTP response header"
    );

    public readonly int LongestHeaderValue = registrar.Setting(
        "parseHTTPHeaderValueMaxLen",
        1024,
        1,
        2048,
        "Bytes of a header's value that are recorded with parseHTTPHeaderRequestAll and parseHTTPHeaderResponseAll"
    );

    public readonly int LargestRequestBody = registrar.Setting(
        "maxReqBody",
        256,
        0,
        0x7FFF,
        "Bytes that an HTTP request's body may have to be recorded as it is"
    );

    public readonly bool TextBodiesOnly = registrar.Setting(
        "reqBodyOnlyUtf8",
        true,
        "Record HTTP requests' bodies only when they are valid UTF-8"
    );

    public readonly bool Quirks = registrar.Setting(
        "arkimeQuirks",
        false,
        "Do as Arkime does where it is wrong, to compare documents with its own"
    );

    public readonly bool HashMd5 = registrar.Setting("supportMd5", true, "Record MD5 digests of bodies and files");

    public readonly bool HashSha256 = registrar.Setting("supportSha256", false, "Record SHA-256 digests of bodies and files");
}
