using System.Text;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Emitting.Routing;

/// <summary>Sends records of some protocols, or with some tags, to a further topic, or there instead of the sink's.</summary>
public sealed record Route
{
    /// <summary>Routes that there may be: each has a bit in a record.</summary>
    public const int CountMax = 64;

    /// <summary>How one is written, for messages and help.</summary>
    public const string Form = "TOPIC?protocol=NAME&tag=NAME&only=true";

    /// <summary>Where they go.</summary>
    public required string Topic { get; init; }

    /// <summary>Protocols of which a session must have one; none for any.</summary>
    public IReadOnlyList<string> Protocols { get; init; } = [];

    /// <summary>Tags of which it must have one; none for any.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Whether they go there instead of to the sink's topic.</summary>
    public bool Only { get; init; }

    /// <summary>Reads one.</summary>
    /// <returns>Null when it is none.</returns>
    public static Route? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int query = text.IndexOf('?', StringComparison.Ordinal);
        if (query <= 0 || !KafkaTarget.IsTopic(text[..query]))
            return null;
        var protocols = new List<string>();
        var tags = new List<string>();
        bool only = false;
        foreach (string option in text[(query + 1)..].Split('&'))
        {
            int equals = option.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || equals == option.Length - 1)
                return null;
            string value = Uri.UnescapeDataString(option[(equals + 1)..]);
            switch (option[..equals])
            {
                case "protocol":
                    protocols.Add(value);
                    break;
                case "tag":
                    tags.Add(value);
                    break;
                case "only" when bool.TryParse(value, out only):
                    break;
                default:
                    return null;
            }
        }
        return protocols.Count + tags.Count == 0
            ? null
            : new Route
            {
                Topic = text[..query],
                Protocols = protocols,
                Tags = tags,
                Only = only,
            };
    }

    /// <summary>As it is read.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Topic);
        char separator = '?';
        foreach (
            (string name, IReadOnlyList<string> values) in (ReadOnlySpan<(string, IReadOnlyList<string>)>)
                [("protocol", Protocols), ("tag", Tags)]
        )
        {
            foreach (string value in values)
            {
                text.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
                separator = '&';
            }
        }
        return (Only ? text.Append("&only=true") : text).ToString();
    }
}

/// <summary>Finds a record's routes, in the partition: immutable.</summary>
internal sealed class RouteMatcher
{
    private readonly (byte[][] Protocols, byte[][] Tags)[] _routes;
    private readonly SpiField _protocols;
    private readonly SpiField _tags;

    public RouteMatcher(IReadOnlyList<Route> routes, SpiField protocols, SpiField tags)
    {
        _protocols = protocols;
        _tags = tags;
        _routes = new (byte[][], byte[][])[routes.Count];
        for (int i = 0; i < _routes.Length; i++)
            _routes[i] = (Utf8(routes[i].Protocols), Utf8(routes[i].Tags));
    }

    /// <summary>A bit for each route that takes a session with these values.</summary>
    public ulong Of(SpiFields session)
    {
        ulong taken = 0;
        for (int i = 0; i < _routes.Length; i++)
        {
            if (HasOne(session, _protocols, _routes[i].Protocols) && HasOne(session, _tags, _routes[i].Tags))
                taken |= 1UL << i;
        }
        return taken;
    }

    private static bool HasOne(SpiFields session, SpiField field, byte[][] values)
    {
        foreach (byte[] value in values)
        {
            if (session.Contains(field, value))
                return true;
        }
        return values.Length == 0;
    }

    private static byte[][] Utf8(IReadOnlyList<string> texts)
    {
        byte[][] utf8 = new byte[texts.Count][];
        for (int i = 0; i < utf8.Length; i++)
            utf8[i] = Encoding.UTF8.GetBytes(texts[i]);
        return utf8;
    }
}
