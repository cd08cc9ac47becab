namespace FlowPipe.Pipeline.Configuration;

/// <summary>Hides what must not be shown.</summary>
internal static class Secrets
{
    private const string Stars = "***";

    private static readonly string[] Words =
    [
        "password",
        "secret",
        "token",
        "key.pem",
        "ssl_key",
        "sasl.jaas",
        "oauthbearer.config",
        "basic.auth",
        "passphrase",
        "private.key.pem",
    ];

    /// <summary>The value as it may be shown: a secret setting's is hidden altogether, a password inside a URI is left out of it.</summary>
    public static string Mask(string path, string value)
    {
        foreach (string word in Words)
            if (value.Length > 0 && path.Contains(word, StringComparison.OrdinalIgnoreCase))
                return Stars;
        return MaskUri(value);
    }

    // scheme://user:password@host and ?…password=…&…: both are ways in which a sink's URI can carry one.
    private static string MaskUri(string value)
    {
        int start = value.IndexOf("://", StringComparison.Ordinal);
        if (start < 0)
            return value;
        start += 3;
        int query = value.IndexOf('?', start);
        string head = query < 0 ? value : value[..query];
        int at = head.LastIndexOf('@');
        if (at > start && head.IndexOf(':', start, at - start) is >= 0 and int colon)
            head = string.Concat(head.AsSpan(0, colon + 1), Stars, head.AsSpan(at));
        if (query < 0)
            return head;
        string[] parameters = value[(query + 1)..].Split('&');
        for (int i = 0; i < parameters.Length; i++)
        {
            int equals = parameters[i].IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                continue;
            string name = parameters[i][..equals];
            string text = parameters[i][(equals + 1)..];
            parameters[i] = name + "=" + Mask(name, text);
        }
        return head + "?" + string.Join('&', parameters);
    }
}
