namespace FlowPipe.Parsers.Http2;

/// <summary>The static table of HPACK (RFC 7541 appendix A); its first entry has the index 1.</summary>
internal static class HpackStatic
{
    private static readonly (byte[] Name, byte[] Value)[] Entries = Parse(
        """
        :authority
        :method GET
        :method POST
        :path /
        :path /index.html
        :scheme http
        :scheme https
        :status 200
        :status 204
        :status 206
        :status 304
        :status 400
        :status 404
        :status 500
        accept-charset
        accept-encoding gzip, deflate
        accept-language
        accept-ranges
        accept
        access-control-allow-origin
        age
        allow
        authorization
        cache-control
        content-disposition
        content-encoding
        content-language
        content-length
        content-location
        content-range
        content-type
        cookie
        date
        etag
        expect
        expires
        from
        host
        if-match
        if-modified-since
        if-none-match
        if-range
        if-unmodified-since
        last-modified
        link
        location
        max-forwards
        proxy-authenticate
        proxy-authorization
        range
        referer
        refresh
        retry-after
        server
        set-cookie
        strict-transport-security
        transfer-encoding
        user-agent
        vary
        via
        www-authenticate
        """
    );

    /// <summary>Entries that it has.</summary>
    public static int Count => Entries.Length;

    public static ReadOnlySpan<byte> Name(int index) => Entries[index - 1].Name;

    public static ReadOnlySpan<byte> Value(int index) => Entries[index - 1].Value;

    private static (byte[] Name, byte[] Value)[] Parse(string text) =>
        Array.ConvertAll(
            text.Split('\n', StringSplitOptions.TrimEntries),
            static line =>
            {
                string[] parts = line.Split(' ', 2);
                return (Bytes(parts[0]), parts.Length > 1 ? Bytes(parts[1]) : []);
            }
        );

    private static byte[] Bytes(string text) => System.Text.Encoding.ASCII.GetBytes(text);
}
