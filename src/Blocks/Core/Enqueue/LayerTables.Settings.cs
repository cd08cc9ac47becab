using FlowPipe.Core.Sessions.Parsing;

namespace FlowPipe.Core.Enqueue;

public sealed partial class LayerTables
{
    /// <summary>What plugins let their user set.</summary>
    public ParserSettings Settings { get; }

    /// <inheritdoc/>
    public bool Setting(string name, bool fallback, string help) => Settings.Truth(name, fallback, help);

    /// <inheritdoc/>
    public int Setting(string name, int fallback, int least, int most, string help) => Settings.Number(name, fallback, least, most, help);

    /// <inheritdoc/>
    public IReadOnlyList<string> Setting(
        string name,
        IReadOnlyList<string> fallback,
        string help,
        string accepts = "words with spaces between them",
        Func<string, bool>? isValid = null
    ) => Settings.Words(name, fallback, help, accepts, isValid);
}
