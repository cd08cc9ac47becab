using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>IRC (RFC 2812): lines of <c>[:prefix] COMMAND parameters</c>. The client's NICK and JOIN are recorded.</summary>
public sealed class IrcPlugin : IFlowPipePlugin
{
    private const int Shortest = 8;

    /// <inheritdoc/>
    public string Name => "irc";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new IrcFields(registrar);
        ParserKind<IrcParser> kind = registrar.Parser("irc", () => new IrcParser(fields));
        Classifier always = (session, _, bytes) =>
        {
            if (bytes.Length >= Shortest)
                Start(session, kind);
        };
        registrar.Tcp(
            "irc",
            0,
            ":"u8,
            (session, _, bytes) =>
            {
                if (bytes.Length >= Shortest && bytes.IndexOf(" NOTICE "u8) >= 0)
                    Start(session, kind);
            }
        );
        registrar.Tcp(
            "irc",
            0,
            "USER "u8,
            (session, _, bytes) =>
            {
                // FTP has that command too, but neither of these.
                if (bytes.IndexOf("\nNICK "u8) >= 0 || bytes.IndexOf(" +iw "u8) >= 0)
                    Start(session, kind);
            }
        );
        registrar.Tcp("irc", 0, "NOTICE AUTH"u8, always);
        registrar.Tcp("irc", 0, "NICK "u8, always);
        registrar.Tcp("irc", 0, "CAP REQ "u8, always);
    }

    private static void Start(Session session, ParserKind<IrcParser> kind)
    {
        session.AddProtocol("irc"u8);
        session.Add(kind);
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class IrcFields(IRegistrar registrar)
{
    public SpiField Nick { get; } = registrar.Field("irc.nick");
    public SpiField Channel { get; } = registrar.Field("irc.channel");
}

/// <summary>Parses the client's lines; of those longer than the protocol's, nothing.</summary>
internal sealed class IrcParser(IrcFields fields) : SessionParser
{
    private const int LongestLine = 4 * 1024;
    private readonly StreamBuffer _kept = new(LongestLine);

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (data.Side == Side.Server)
            return Parsed.KeepGoing;
        if (data.GapBefore > 0)
            return Parsed.Unregister;
        ReadOnlySpan<byte> rest = _kept.Join(session, data.Bytes);
        while (Lines.TryTake(ref rest, out ReadOnlySpan<byte> line))
            ReadLine(session.Fields, line);
        if (data.End)
            ReadLine(session.Fields, rest);
        return _kept.Keep(session, rest) ? Parsed.KeepGoing : Parsed.Unregister;
    }

    /// <inheritdoc/>
    public override void Free(Session session) => _kept.Free(session);

    private void ReadLine(SpiFields values, ReadOnlySpan<byte> line)
    {
        // Some clients have bytes of 0 between their lines.
        line = line.TrimStart((byte)0);
        if (line.StartsWith("JOIN "u8))
            AddWord(values, fields.Channel, line[5..]);
        else if (line.StartsWith("NICK "u8))
            AddWord(values, fields.Nick, line[5..]);
    }

    private static void AddWord(SpiFields values, SpiField field, ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)' ');
        text = end < 0 ? text : text[..end];
        if (!text.IsEmpty)
            values.AddText(field, text, TextEncoding.Utf8OrLatin1);
    }
}
