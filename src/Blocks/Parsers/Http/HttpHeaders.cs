using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Http;

/// <summary>What headers say (RFC 9110), the same in all versions of HTTP.</summary>
internal static class HttpHeaders
{
    private const int LongestAddress = 64;

    /// <summary>Records a header. Its value is without the space before it.</summary>
    public static void Add(HttpFields fields, Session session, bool request, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        SpiFields values = session.Fields;
        if (!request)
        {
            values.AddLower(fields.ResponseHeader, name);
            if (fields.AllResponseHeaders && values.AddLower(fields.ResponseHeaderField, name))
                values.AddLower(fields.ResponseHeaderValue, Cut(fields, value));
            if (Is(name, "www-authenticate"u8) || Is(name, "proxy-authenticate"u8))
                Authorization.AddToken(session, Side.Server, value);
            return;
        }
        values.AddLower(fields.RequestHeader, name);
        if (AddOwn(fields, session, name, value))
            return;
        if (fields.AllRequestHeaders && values.AddLower(fields.RequestHeaderField, name))
            values.AddLower(fields.RequestHeaderValue, Cut(fields, value));
        if (Is(name, "cookie"u8))
            AddCookies(fields, values, value);
        else if (Is(name, "authorization"u8) || Is(name, "proxy-authorization"u8))
        {
            Authorization.Add(fields, values, value);
            Authorization.AddToken(session, Side.Client, value);
        }
    }

    public static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower) =>
        name.Length == lower.Length && Ascii.EqualsIgnoreCase(name, lower);

    /// <summary>Headers that have a field of their own.</summary>
    private static bool AddOwn(HttpFields fields, Session session, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Is(name, "host"u8))
            session.Fields.AddText(fields.Host, value, TextEncoding.Utf8OrLatin1);
        else if (Is(name, "user-agent"u8))
            session.Fields.AddText(fields.UserAgent, value, TextEncoding.Utf8OrLatin1);
        else if (Is(name, "x-forwarded-for"u8))
            AddAddresses(fields, session.Fields, value);
        else
            return false;
        return true;
    }

    private static void AddAddresses(HttpFields fields, SpiFields values, ReadOnlySpan<byte> list)
    {
        Span<char> text = stackalloc char[LongestAddress];
        while (list.Length > 0)
        {
            ReadOnlySpan<byte> one = list.IndexOf((byte)',') is >= 0 and var comma ? list[..comma] : list;
            list = list[Math.Min(list.Length, one.Length + 1)..];
            // Arkime does not understand an address after a space, which is what most proxies write.
            if (!fields.Quirks)
                one = Lines.Trim(one);
            if (one.Length is 0 or > LongestAddress || !Ascii.IsValid(one))
                continue;
            int length = Encoding.ASCII.GetChars(one, text);
            if (IpText.TryParse(text[..length], out UInt128 address))
                values.AddIp(fields.ForwardedFor, address);
        }
    }

    /// <summary>Names and values of cookies (RFC 6265 section 4.2.1): <c>name=value; name=value</c>.</summary>
    private static void AddCookies(HttpFields fields, SpiFields values, ReadOnlySpan<byte> list)
    {
        while (list.Length > 0)
        {
            ReadOnlySpan<byte> one = list.IndexOf((byte)';') is >= 0 and var end ? list[..end] : list;
            list = list[Math.Min(list.Length, one.Length + 1)..];
            one = one.TrimStart(" \t"u8);
            int equal = one.IndexOf((byte)'=');
            if (equal < 0)
                continue;
            values.AddText(fields.CookieKey, one[..equal], TextEncoding.Utf8OrLatin1);
            ReadOnlySpan<byte> value = one[(equal + 1)..].TrimStart(" \t"u8);
            if (fields.CookieValues && value.Length > 0)
                values.AddText(fields.CookieValue, value, TextEncoding.Utf8OrLatin1);
        }
    }

    private static ReadOnlySpan<byte> Cut(HttpFields fields, ReadOnlySpan<byte> value) =>
        value[..Math.Min(value.Length, fields.LongestHeaderValue)];
}
