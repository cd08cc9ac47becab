using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Http;

/// <summary>What was asked for: host, URI, path, and the keys and values of the query (RFC 3986).</summary>
internal static class HttpUri
{
    /// <summary>Bytes of a URI that are recorded.</summary>
    private const int Longest = 4096;

    /// <summary>Where in a whole URI its host begins at the latest, as in https://host.</summary>
    private const int LatestHost = 8;

    /// <summary>Records the target of a request with a Host header.</summary>
    public static void Add(HttpFields fields, Session session, ReadOnlySpan<byte> host, ReadOnlySpan<byte> target)
    {
        host = host[..Math.Min(host.Length, Longest)];
        Span<byte> uri = stackalloc byte[Math.Min(host.Length + 1 + target.Length, Longest)];
        int length = System.Text.Ascii.IsValid(host) ? Lower(host, uri) : Copy(host, uri);
        ReadOnlySpan<byte> lower = uri[..length];
        session.Fields.AddText(fields.Host, WithoutPort(lower), TextEncoding.Utf8OrLatin1);
        AddTarget(fields, session, target);
        if (target[0] == '/')
        {
            int copied = Copy(target, uri[length..]);
            AddUri(fields, session, uri[..(length + copied)], host.Length + target.Length > Longest);
            return;
        }
        // A whole URI, as a proxy is asked; when it is another's than the Host header says, both are recorded.
        if (target.IndexOf(lower) is >= 0 and <= LatestHost)
        {
            AddUri(fields, session, target);
            return;
        }
        if (length < uri.Length)
            uri[length++] = (byte)';';
        length += Copy(target, uri[length..]);
        AddUri(fields, session, uri[..length], host.Length + 1 + target.Length > Longest);
    }

    /// <summary>Records a target by itself.</summary>
    public static void AddUri(HttpFields fields, Session session, ReadOnlySpan<byte> uri, bool truncated = false)
    {
        if (truncated || uri.Length > Longest)
            session.AddTag("http:url-truncated"u8);
        session.Fields.AddText(fields.Uri, uri[..Math.Min(uri.Length, Longest)], TextEncoding.Utf8OrLatin1);
    }

    /// <summary>Records path and query of a target.</summary>
    public static void AddTarget(HttpFields fields, Session session, ReadOnlySpan<byte> target)
    {
        int question = target.IndexOf((byte)'?');
        ReadOnlySpan<byte> path = question < 0 ? target : target[..question];
        session.Fields.AddText(fields.Path, path, TextEncoding.Utf8OrLatin1);
        HttpServices.AddProtocol(session, path);
        if (question >= 0)
            AddQuery(fields, session.Fields, target[(question + 1)..]);
    }

    /// <summary>Without the port; an IPv6 address keeps its brackets.</summary>
    public static ReadOnlySpan<byte> WithoutPort(ReadOnlySpan<byte> host)
    {
        int from = host is [(byte)'[', ..] ? Math.Max(0, host.IndexOf((byte)']')) : 0;
        return host[from..].IndexOf((byte)':') is >= 0 and var colon ? host[..(from + colon)] : host;
    }

    /// <summary>Keys and values: <c>key=value&amp;key=value</c>. A last word without = is no key: more often it is the whole query.</summary>
    private static void AddQuery(HttpFields fields, SpiFields values, ReadOnlySpan<byte> query)
    {
        while (query.Length > 0)
        {
            int end = query.IndexOf((byte)'&');
            ReadOnlySpan<byte> pair = end < 0 ? query : query[..end];
            query = end < 0 ? default : query[(end + 1)..];
            int equal = pair.IndexOf((byte)'=');
            if (equal < 0 && end < 0)
                return;
            AddWord(values, fields.Key, equal < 0 ? pair : pair[..equal]);
            while (equal >= 0 && fields.QueryValues)
            {
                pair = pair[(equal + 1)..];
                equal = pair.IndexOf((byte)'=');
                AddWord(values, fields.Value, equal < 0 ? pair : pair[..equal]);
            }
        }
    }

    private static void AddWord(SpiFields values, SpiField field, ReadOnlySpan<byte> word)
    {
        if (word.IsEmpty)
            return;
        word = word[..Math.Min(word.Length, Longest)];
        if (word.IndexOf((byte)'%') < 0)
        {
            values.AddText(field, word, TextEncoding.Utf8OrLatin1);
            return;
        }
        Span<byte> unescaped = stackalloc byte[word.Length];
        int length = Unescape(word, unescaped);
        values.AddText(field, length < 0 ? word : unescaped[..length], TextEncoding.Utf8OrLatin1);
    }

    /// <summary>Decodes %XX; −1 when one is not two digits, or stands for a zero.</summary>
    private static int Unescape(ReadOnlySpan<byte> word, Span<byte> unescaped)
    {
        int length = 0;
        for (int i = 0; i < word.Length; i++)
        {
            byte value = word[i];
            if (value == '%')
            {
                if (i + 2 >= word.Length)
                    return -1;
                int high = Hex.Value(word[i + 1]);
                int low = Hex.Value(word[i + 2]);
                if (high < 0 || low < 0 || (high | low) == 0)
                    return -1;
                value = (byte)((high << 4) | low);
                i += 2;
            }
            unescaped[length++] = value;
        }
        return length;
    }

    private static int Copy(ReadOnlySpan<byte> from, Span<byte> to)
    {
        from = from[..Math.Min(from.Length, to.Length)];
        from.CopyTo(to);
        return from.Length;
    }

    private static int Lower(ReadOnlySpan<byte> from, Span<byte> to)
    {
        System.Text.Ascii.ToLower(from, to, out int written);
        return written;
    }
}
