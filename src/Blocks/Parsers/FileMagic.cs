using FlowPipe.Abstractions;
using FlowPipe.Parsers.Magic;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>The sub-parser <c>magic</c>: what a file is by its first bytes, for whoever finds files in a protocol.</summary>
public sealed class MagicPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "magic";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        string mode = registrar.Setting(
            "magicMode",
            ["both"],
            "File types told by content: basic is what Arkime knows by itself, both adds common types by libmagic's names",
            "both, basic or none",
            static word => word is "both" or "basic" or "none"
        )[0];
        registrar.Sub("magic", () => new MagicSubParser(mode));
    }
}

/// <summary>Adds the file's type to the field given, when it is known. The first kilobyte is enough.</summary>
internal sealed class MagicSubParser(string mode) : SubParser
{
    private const int Shortest = 5;
    private readonly bool _none = mode == "none";
    private readonly bool _basic = mode == "basic";

    /// <inheritdoc/>
    public override bool Parse(Session session, Side side, ReadOnlySpan<byte> data, SpiField into = default)
    {
        if (_none || data.Length < Shortest)
            return false;
        ReadOnlySpan<byte> type = BasicTypes.Of(data);
        if (type.IsEmpty && !_basic)
            type = MoreTypes.Of(data);
        if (type.IsEmpty)
            return false;
        session.Fields.Add(into, type);
        return true;
    }
}
