using FlowPipe.Core.Sessions.Parsing;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>Where a value came from; a later layer wins over an earlier one.</summary>
internal enum ConfigLayer
{
    Default,
    File,
    Environment,
    Flag,
}

/// <param name="Layer">Which layer.</param>
/// <param name="Where">The place in it, as shown to the user: <c>flowpipe.yaml:3</c>, <c>FLOWPIPE__NODE</c>, <c>--node</c>.</param>
internal readonly record struct ConfigSource(ConfigLayer Layer, string Where)
{
    public override string ToString() =>
        Layer switch
        {
            ConfigLayer.Default => "default",
            ConfigLayer.File => "file " + Where,
            ConfigLayer.Environment => "environment " + Where,
            _ => "flag " + Where,
        };
}

/// <summary>One value as it was given, before it is known whether it is right.</summary>
/// <param name="Path">Section and name as given.</param>
/// <param name="Values">One value, or those of a list.</param>
/// <param name="Source">Where it was given.</param>
internal readonly record struct ConfigEntry(string Path, IReadOnlyList<string> Values, ConfigSource Source)
{
    /// <summary>Whether it was given as a list, which only lists accept; text that is not is split for them at white space.</summary>
    public bool IsList { get; init; }
}

/// <summary>The settings in force, and where each came from.</summary>
internal sealed class EffectiveConfig
{
    private readonly Dictionary<string, ConfigSource> _sources = new(StringComparer.OrdinalIgnoreCase);

    public FlowPipeSettings Settings { get; private set; } = new();

    public ConfigSource SourceOf(string path) => _sources.GetValueOrDefault(path);

    /// <summary>Sets one value; the entries of a later layer are to be set after those of an earlier one.</summary>
    /// <exception cref="Core.FlowPipeException">There is no such setting, or it can't be that.</exception>
    public void Set(in ConfigEntry entry)
    {
        if (ConfigKeys.KafkaProperty(entry.Path) is { } property)
        {
            if (entry.IsList)
                throw Wrong(entry, "one value");
            var kafka = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach ((string other, string value) in Settings.Kafka)
                kafka[other] = value;
            kafka[property] = entry.Values[0];
            Settings = Settings with { Kafka = kafka };
            _sources[ConfigKeys.KafkaSection + "." + property] = entry.Source;
            return;
        }

        if (ConfigKeys.ParserSetting(entry.Path) is { } name)
        {
            var parsers = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach ((string other, string value) in Settings.Sessions.Parsers)
                parsers[other] = value;
            parsers[name] = string.Join(' ', entry.Values);
            Settings = Settings with { Sessions = Settings.Sessions with { Parsers = parsers } };
            _sources[ParserSettings.Section + "." + name] = entry.Source;
            return;
        }

        ConfigKey key =
            ConfigKeys.Find(entry.Path)
            ?? throw new Core.FlowPipeException(
                $"{entry.Source.Where}: there is no setting \"{entry.Path}\"; did you mean \"{ConfigKeys.Nearest(entry.Path)}\"? ('flowpipe config --list' shows all)"
            );
        if (entry.IsList && key.Kind != ConfigKind.List)
            throw Wrong(entry, key.Accepts);
        IReadOnlyList<string> values =
            key.Kind == ConfigKind.List && !entry.IsList
                ? entry.Values[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                : entry.Values;
        Settings = key.Apply(Settings, values) ?? throw Wrong(entry, key.Accepts);
        _sources[key.Path] = entry.Source;
    }

    private static Core.FlowPipeException Wrong(in ConfigEntry entry, string accepts)
    {
        string given = entry.IsList ? "a list" : $"\"{Secrets.Mask(entry.Path, entry.Values[0])}\"";
        return new Core.FlowPipeException($"{entry.Source.Where}: {entry.Path} is {given}, but must be {accepts}");
    }
}
