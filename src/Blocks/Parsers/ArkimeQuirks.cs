using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>The setting by which records are as Arkime makes them where that is plainly wrong (docs/decisions.md).</summary>
internal static class ArkimeQuirks
{
    /// <summary>Whether it is set.</summary>
    public static bool AskedFor(IRegistrar registrar) =>
        registrar.Setting(
            "arkimeQuirks",
            false,
            "Do as Arkime does where it is wrong, to compare documents with its own"
        );
}
