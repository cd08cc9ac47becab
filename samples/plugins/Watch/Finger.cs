using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace Watch;

/// <summary>
/// Finger (RFC 1288): who asks for whom. Found by its port, and by the switch that a query may begin with on any port.
/// <code>
/// query = [ "/W" SP ] [ user ] *( "@" host ) CRLF
/// </code>
/// </summary>
internal static class Finger
{
    private const ushort Port = 79;

    public static void Register(IRegistrar registrar, Watchman watchman)
    {
        CustomField users = registrar.Define("finger.user", SpiType.Utf8Set, "Users that were asked for");
        PluginCounter queries = registrar.Counter("finger_queries", "Queries of finger");
        ParserKind<FingerParser> kind = registrar.Parser("finger", () => new FingerParser(users, queries, watchman));
        void Classify(Session session, Side side, ReadOnlySpan<byte> firstBytes)
        {
            if (side != Side.Client)
                return;
            session.AddProtocol("finger"u8);
            session.Add(kind);
        }
        registrar.Port("finger", SessionType.Tcp, Port, Side.Server, Classify);
        registrar.Tcp("finger", 0, "/W"u8, Classify);
    }
}

/// <summary>The query of one session. The partition pools parsers: after <see cref="Free"/> it must be as new.</summary>
internal sealed class FingerParser(CustomField users, PluginCounter queries, Watchman watchman) : SessionParser
{
    private const int LongestQuery = 512;
    private readonly StreamBuffer _query = new(LongestQuery);

    public override Parsed Parse(Session session, in StreamData data)
    {
        if (data.Side != Side.Client)
            return Parsed.SideDone;
        // What is missing or too long is no query: leave, never throw.
        if (data.GapBefore > 0)
            return Parsed.Unregister;
        ReadOnlySpan<byte> rest = _query.Join(session, data.Bytes);
        if (!Lines.TryTake(ref rest, out ReadOnlySpan<byte> line))
            return !data.End && _query.Keep(session, rest) ? Parsed.KeepGoing : Parsed.Unregister;
        session.Count(queries);
        if (Lines.StartsWith(line, "/W"u8))
            line = line[2..];
        line = Lines.Trim(line);
        if (line.Length is > 0 and <= LongestQuery)
        {
            session.Add(users, line);
            watchman.Ask(session, line);
        }
        return Parsed.Unregister;
    }

    public override void Free(Session session) => _query.Free(session);
}
