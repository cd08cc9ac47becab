using System.Globalization;

namespace FlowPipe.Pipeline.Metrics;

/// <summary>Where a port is opened, as the user names it: <c>PORT</c>, which is on the loopback interface, or <c>HOST:PORT</c>.</summary>
internal static class ListenAddress
{
    private const string Loopback = "127.0.0.1";

    /// <summary>Takes it apart; the host is as <see cref="System.Net.HttpListener"/> writes it.</summary>
    public static bool TryParse(string text, out string host, out int port)
    {
        int colon = text.LastIndexOf(':');
        host = colon < 0 ? Loopback : text[..colon];
        // What stands for all interfaces has a name of its own there.
        if (host is "0.0.0.0" or "*" or "[::]")
            host = "+";
        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port is > 0 and <= 65_535
            && host.Length > 0
            && !host.AsSpan().ContainsAny("/ ?#@");
    }
}
