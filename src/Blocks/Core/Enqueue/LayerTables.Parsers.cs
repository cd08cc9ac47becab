using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Enqueue;

public sealed partial class LayerTables
{
    private ParserTables? _parsers;

    /// <summary>What parsers have registered.</summary>
    public ParserTables Parsers => _parsers ??= new ParserTables(_dictionary, Plugins, guarded: _faults is not null);

    /// <inheritdoc/>
    public CustomField Define(string name, SpiType type, string help) => Parsers.Define(name, type, help);

    /// <inheritdoc/>
    public ParserKind<T> Parser<T>(string name, Func<T> create)
        where T : SessionParser => Parsers.Parser(name, create);

    /// <inheritdoc/>
    public void Sub(string name, Func<SubParser> create) => Parsers.Sub(name, create);

    /// <inheritdoc/>
    public void Tcp(string name, int offset, ReadOnlySpan<byte> match, Classifier? classify = null) =>
        Parsers.Prefix(SessionType.Tcp, name, offset, match, classify);

    /// <inheritdoc/>
    public void Udp(string name, int offset, ReadOnlySpan<byte> match, Classifier? classify = null) =>
        Parsers.Prefix(SessionType.Udp, name, offset, match, classify);

    /// <inheritdoc/>
    public void Sctp(string name, int offset, ReadOnlySpan<byte> match, Classifier? classify = null) =>
        Parsers.Prefix(SessionType.Sctp, name, offset, match, classify);

    /// <inheritdoc/>
    public void Port(string name, SessionType type, ushort port, Side? side = null, Classifier? classify = null) =>
        Parsers.Port(name, type, port, side, classify);
}
