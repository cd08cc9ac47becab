namespace FlowPipe.Parsers.Http;

/// <summary>Methods that begin a request, and what their responses are like.</summary>
internal static class HttpMethods
{
    /// <summary>Those whose requests are counted: the methods of RFC 9110 and PATCH (RFC 5789).</summary>
    public static readonly byte[][] Counted =
    [
        "GET"u8.ToArray(),
        "POST"u8.ToArray(),
        "HEAD"u8.ToArray(),
        "PUT"u8.ToArray(),
        "DELETE"u8.ToArray(),
        "CONNECT"u8.ToArray(),
        "OPTIONS"u8.ToArray(),
        "TRACE"u8.ToArray(),
        "PATCH"u8.ToArray(),
    ];

    /// <summary>All of HTTP's: the common first, then WebDAV (RFC 4918, 3253, 3648, 3744, 5323, 5842), CalDAV, UPnP, caches, Icecast.</summary>
    public static readonly byte[][] Http =
    [
        .. Counted,
        .. Words("COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK BIND REBIND UNBIND ACL REPORT MKACTIVITY CHECKOUT MERGE"),
        .. Words("M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PURGE MKCALENDAR LINK UNLINK SOURCE QUERY"),
    ];

    /// <summary>RTSP's (RFC 2326), whose messages are HTTP's but for the name.</summary>
    public static readonly byte[][] Rtsp =
    [
        .. Words("GET POST OPTIONS DESCRIBE ANNOUNCE SETUP PLAY PAUSE TEARDOWN GET_PARAMETER SET_PARAMETER REDIRECT RECORD FLUSH"),
    ];

    /// <summary>Icecast's, whose version is called ICE.</summary>
    public static readonly byte[][] Icecast = [.. Words("SOURCE")];

    /// <summary>The same method among these; null when it is not one.</summary>
    public static byte[]? Find(byte[][] methods, ReadOnlySpan<byte> method)
    {
        foreach (byte[] known in methods)
        {
            if (method.SequenceEqual(known))
                return known;
        }
        return null;
    }

    /// <summary>Place among <see cref="Counted"/>; −1 when it is not one.</summary>
    public static int Count(ReadOnlySpan<byte> method)
    {
        for (int i = 0; i < Counted.Length; i++)
        {
            if (method.SequenceEqual(Counted[i]))
                return i;
        }
        return -1;
    }

    /// <summary>Whether bytes that are not yet a whole line may still become a start line.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> bytes)
    {
        const int Longest = 16;
        if (bytes.Length < Longest || bytes.StartsWith("HTTP/"u8))
            return true;
        int space = bytes[..Longest].IndexOf((byte)' ');
        return space > 0 && (Find(Http, bytes[..space]) ?? Find(Rtsp, bytes[..space])) is not null;
    }

    private static byte[][] Words(string words) => Array.ConvertAll(words.Split(' '), System.Text.Encoding.ASCII.GetBytes);
}
