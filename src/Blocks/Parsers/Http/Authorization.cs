using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Http;

/// <summary>
/// Who authenticates, by the header Authorization or Proxy-Authorization.
/// <code>
/// Basic  base64 of user:password                    RFC 7617
/// Digest username="user", realm="…", …              RFC 7616
/// NTLM, Negotiate  base64 of a token                MS-NTHT, RFC 4559; the server's is in WWW-Authenticate or Proxy-Authenticate
/// </code>
/// </summary>
internal static class Authorization
{
    private const int LongestCredentials = 1024;
    private const int LongestToken = 4096;

    public static void Add(HttpFields fields, SpiFields values, ReadOnlySpan<byte> header)
    {
        int space = header.IndexOf((byte)' ');
        if (space <= 0)
            return;
        ReadOnlySpan<byte> scheme = header[..space];
        ReadOnlySpan<byte> rest = header[space..].TrimStart(" \t"u8);
        values.AddLower(fields.AuthType, scheme);
        if (HttpHeaders.Is(scheme, "basic"u8))
            AddBasic(fields, values, rest);
        else if (HttpHeaders.Is(scheme, "digest"u8))
            AddDigest(fields, values, rest);
    }

    /// <summary>Hands a token of NTLM on to its parser, from the header of either side.</summary>
    public static void AddToken(Session session, Side side, ReadOnlySpan<byte> header)
    {
        int space = header.IndexOf((byte)' ');
        if (space <= 0 || session.Sub("ntlm") is not { } ntlm)
            return;
        ReadOnlySpan<byte> scheme = header[..space];
        if (!HttpHeaders.Is(scheme, "ntlm"u8) && !HttpHeaders.Is(scheme, "negotiate"u8))
            return;
        Span<byte> token = stackalloc byte[LongestToken];
        ntlm.Parse(session, side, token[..default(Base64Decoder).Decode(header[space..], token)]);
    }

    private static void AddBasic(HttpFields fields, SpiFields values, ReadOnlySpan<byte> credentials)
    {
        // "token=" is what some services have put there in place of credentials.
        if (credentials.Length < 2 || credentials.StartsWith("token="u8))
            return;
        var decoder = default(Base64Decoder);
        Span<byte> decoded = stackalloc byte[LongestCredentials];
        ReadOnlySpan<byte> user = decoded[..decoder.Decode(credentials, decoded)];
        int end = user.IndexOfAny((byte)':', (byte)0);
        values.AddText(fields.User, end < 0 ? user : user[..end], TextEncoding.Utf8OrLatin1);
    }

    private static void AddDigest(HttpFields fields, SpiFields values, ReadOnlySpan<byte> parameters)
    {
        int at = parameters.IndexOf("username"u8);
        if (at < 0)
            return;
        ReadOnlySpan<byte> rest = parameters[(at + "username".Length)..].TrimStart(" \t"u8);
        if (rest is not [(byte)'=', ..])
            return;
        rest = rest[1..].TrimStart(" \t"u8);
        bool quoted = rest is [(byte)'"', ..];
        if (quoted)
            rest = rest[1..];
        int end = rest.IndexOf(quoted ? (byte)'"' : (byte)',');
        values.AddText(fields.User, end < 0 ? rest : rest[..end], TextEncoding.Utf8OrLatin1);
    }
}
