namespace FlowPipe.Pipeline.Plugins;

/// <summary>Which parsers and plugins are loaded, and from where.</summary>
internal sealed record PluginSettings
{
    /// <summary>Stands for the folder of the parsers that came with the executable.</summary>
    public const string BuiltIn = "builtin";

    /// <summary>Folders whose parsers are loaded, all of them.</summary>
    public IReadOnlyList<string> ParsersDir { get; init; } = [BuiltIn];

    /// <summary>Folders that plugins are looked for in.</summary>
    public IReadOnlyList<string> PluginsDir { get; init; } = [];

    /// <summary>Files of plugins that register before the parsers, and while privileges are still there.</summary>
    public IReadOnlyList<string> RootPlugins { get; init; } = [];

    /// <summary>Files of plugins that register after the parsers.</summary>
    public IReadOnlyList<string> Plugins { get; init; } = [];
}
