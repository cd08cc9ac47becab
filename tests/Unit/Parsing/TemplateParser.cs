using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Parsing;

/// <summary>
/// The Template protocol (RFC …): what a parser needs, to be replaced by what it is.
/// <code>
/// client: "TEMPLATE " name LF
/// both:   length (2) | text (length)
/// </code>
/// </summary>
public sealed class TemplatePlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "template";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        // Handles stay in what is made here, not in this object: one plugin may be registered for several runs at once.
        CustomField user = registrar.Define("template.user", SpiType.Utf8, "Who greets");
        ParserKind<TemplateParser> kind = registrar.Parser("template", () => new TemplateParser(user));
        registrar.Tcp("template", 0, "TEMPLATE "u8, (session, _, _) => session.Add(kind));
    }
}

/// <summary>One connection of it.</summary>
internal sealed class TemplateParser(CustomField user) : SessionParser
{
    private const int LongestMessage = 4096;
    private readonly StreamBuffer _client = new(LongestMessage);
    private readonly StreamBuffer _server = new(LongestMessage);
    private bool _greeted;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (data.GapBefore > 0)
            return Parsed.Unregister; // where a message begins is not known any more
        StreamBuffer kept = data.Side == Side.Client ? _client : _server;
        ReadOnlySpan<byte> rest = kept.Join(session, data.Bytes);
        if (!_greeted && data.Side == Side.Client)
        {
            if (!Lines.TryTake(ref rest, out ReadOnlySpan<byte> greeting))
                return Keep(session, kept, rest);
            _greeted = true;
            session.AddProtocol("template"u8);
            session.Add(user, greeting["TEMPLATE ".Length..]);
        }
        while (true)
        {
            var reader = new PacketReader(rest);
            int length = reader.U16();
            ReadOnlySpan<byte> text = reader.Take(length);
            if (reader.Failed)
                return Keep(session, kept, rest); // not all there yet
            if (text.IsEmpty)
                return Malformed(session);
            rest = reader.Rest;
        }
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
        _greeted = false;
    }

    private static Parsed Keep(Session session, StreamBuffer kept, ReadOnlySpan<byte> rest) =>
        kept.Keep(session, rest) ? Parsed.KeepGoing : Malformed(session);

    private static Parsed Malformed(Session session)
    {
        session.AddTag("template-malformed"u8);
        return Parsed.Unregister;
    }
}
