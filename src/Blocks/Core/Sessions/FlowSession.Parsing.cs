using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions.Parsing;

namespace FlowPipe.Core.Sessions;

public sealed partial class FlowSession
{
    /// <summary>The partition's parsers; set when the session begins.</summary>
    internal ParserRuntime? Parsing;

    internal ActiveParsers Parsers;

    /// <inheritdoc/>
    public override IBytePool Pool => Parsing!.Pool;

    /// <inheritdoc/>
    public override bool HasProtocol(ReadOnlySpan<byte> name) => Fields.Contains(_fields.Protocols, name);

    /// <inheritdoc/>
    public override bool HasTag(ReadOnlySpan<byte> tag) => Fields.Contains(_fields.Tags, tag);

    /// <inheritdoc/>
    public override T? Add<T>(ParserKind<T> kind)
        where T : class => Parsing!.Add(this, kind);

    /// <inheritdoc/>
    public override T? Find<T>(ParserKind<T> kind)
        where T : class => ParserRuntime.Find(this, kind);

    /// <inheritdoc/>
    public override bool HasParser(ParserKind kind) => ParserRuntime.Has(this, kind);

    /// <inheritdoc/>
    public override SubParser? Sub(string name) => Parsing!.Sub(name);

    /// <inheritdoc/>
    public override void Classify(Side side, ReadOnlySpan<byte> bytes) => Parsing!.ClassifyAnew(this, side, bytes);

    /// <inheritdoc/>
    public override void Deliver(in StreamData data) => Parsing!.Deliver(this, in data);

    /// <inheritdoc/>
    public override bool Add(CustomField field, long value) => CustomValues.Add(Fields, _fields.Custom, field, value);

    /// <inheritdoc/>
    public override bool Add(CustomField field, ReadOnlySpan<byte> utf8) => CustomValues.Add(Fields, _fields.Custom, field, utf8);
}
