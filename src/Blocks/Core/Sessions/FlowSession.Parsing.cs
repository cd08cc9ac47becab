using System.Diagnostics.CodeAnalysis;
using FlowPipe.Abstractions;
using FlowPipe.Core.Plugins;
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
    public override SessionRef Ref => new(Id, Number);

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
    public override void Count(PluginCounter counter, long by = 1) => Parsing!.Plugins.Add(counter, by);

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

    /// <summary>Whoever begins a record ends it before it returns: what is added next would else be part of it.</summary>
    internal void RequireOpenRecords(int count)
    {
        if (Fields.OpenRecords != count)
            ThrowOpenRecords();
    }

    internal void OnPluginFault(PluginEntry plugin, string what, string consequence, int open, Exception fault) =>
        Parsing!.OnFault(this, plugin, what, consequence, open, fault);

    [DoesNotReturn]
    private static void ThrowOpenRecords() =>
        throw new InvalidOperationException("a record of a field was begun and not ended, or the other way round");
}
