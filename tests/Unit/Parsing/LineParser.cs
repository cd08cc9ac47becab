using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Parsing;

/// <summary>
/// A made-up protocol of lines, as small as a parser can be and with all that one can do: a client begins with "LINE ", each line is a
/// command. <c>quit</c> ends the parser, <c>switch</c> hands the rest of the stream to another protocol, <c>bug</c> is an error of it.
/// </summary>
public sealed class LinePlugin : IFlowPipePlugin
{
    public string Name => "line";

    /// <summary>All that the parsers of this plugin were told, in order.</summary>
    public List<string> Told { get; } = [];

    public void Register(IRegistrar registrar)
    {
        CustomField lines = registrar.Define("line.count", SpiType.Long, "Lines of the record");
        CustomField words = registrar.Define("line.words", SpiType.Utf8Set, "Commands seen");
        ParserKind<LineParser> kind = registrar.Parser("line", () => new LineParser(this, lines, words));
        registrar.Sub("reverse", static () => new ReverseParser());
        registrar.Tcp("line", 0, "LINE "u8, (session, _, _) => session.Add(kind));
        registrar.Udp("line", 0, "LINE "u8, (session, _, _) => session.Add(kind));
        registrar.Tcp("offset", 2, "ff"u8);
        registrar.Tcp("single", 0, "S"u8);
        registrar.Tcp("double", 0, "SD"u8);
        registrar.Port("ported", SessionType.Tcp, 4444, Side.Server);
        registrar.Port("eitherPort", SessionType.Tcp, 4445);
    }
}

internal sealed class LineParser(LinePlugin plugin, CustomField lines, CustomField words) : SessionParser
{
    private const int LongestLine = 64;
    private readonly StreamBuffer _client = new(LongestLine);
    private readonly StreamBuffer _server = new(LongestLine);
    private int _lines;

    public override Parsed Parse(Session session, in StreamData data)
    {
        string end = data.End ? " end" : "";
        string gap = data.GapBefore > 0 ? $" gap {data.GapBefore}" : "";
        plugin.Told.Add($"{data.Side} {System.Text.Encoding.ASCII.GetString(data.Bytes)}{gap}{end}");
        StreamBuffer kept = data.Side == Side.Client ? _client : _server;
        ReadOnlySpan<byte> rest = kept.Join(session, data.Bytes);
        for (int at; (at = rest.IndexOf((byte)'\n')) >= 0; )
        {
            ReadOnlySpan<byte> line = rest[..at];
            rest = rest[(at + 1)..];
            _lines++;
            session.AddProtocol("line"u8);
            session.Add(words, line);
            if (line.SequenceEqual("quit"u8))
                return Parsed.Unregister;
            if (line.SequenceEqual("bug"u8))
                throw new InvalidOperationException("a bug of the line parser");
            if (line.SequenceEqual("switch"u8))
            {
                session.Classify(data.Side, rest);
                return Parsed.Unregister;
            }
            if (line.StartsWith("reverse "u8))
                session.Sub("reverse")!.Parse(session, data.Side, line[8..], default);
        }
        if (kept.Keep(session, rest))
            return Parsed.KeepGoing;
        session.AddTag("line-too-long"u8);
        return Parsed.Unregister;
    }

    public override void Save(Session session, bool final) => session.Add(lines, _lines);

    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
        _lines = 0;
    }
}

internal sealed class ReverseParser : SubParser
{
    public override bool Parse(Session session, Side side, ReadOnlySpan<byte> data, SpiField into = default)
    {
        Span<byte> reversed = stackalloc byte[64];
        data.CopyTo(reversed);
        reversed = reversed[..data.Length];
        reversed.Reverse();
        session.AddTag(reversed);
        return true;
    }
}
