using System.Globalization;

namespace FlowPipe.Core.Sessions.Parsing;

/// <summary>A setting that a plugin has asked for.</summary>
/// <param name="Name">Its name, without the section.</param>
/// <param name="Fallback">What holds when it is not set, as text.</param>
/// <param name="Accepts">What it may be, to follow "must be".</param>
/// <param name="Help">What it does: one sentence, without a full stop.</param>
public sealed record ParserSetting(string Name, string Fallback, string Accepts, string Help);

/// <summary>
/// The settings of plugins: what the user gave, and what plugins have asked for. Only when all have registered is it known which names there
/// are.
/// </summary>
/// <param name="given">Values by name, as text.</param>
public sealed class ParserSettings(IReadOnlyDictionary<string, string> given)
{
    /// <summary>The section of the configuration that they are in.</summary>
    public const string Section = "parsers";

    private readonly SortedDictionary<string, ParserSetting> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What plugins have asked for, by name.</summary>
    public IEnumerable<ParserSetting> Known => _known.Values;

    internal bool Truth(string name, bool fallback, string help)
    {
        var setting = new ParserSetting(name, fallback ? "true" : "false", "true or false", help);
        if (Ask(setting) is not { } text)
            return fallback;
        return bool.TryParse(text, out bool truth) ? truth : throw Wrong(setting, text);
    }

    internal int Number(string name, int fallback, int least, int most, string help)
    {
        var setting = new ParserSetting(
            name,
            fallback.ToString(CultureInfo.InvariantCulture),
            $"a whole number from {least} to {most}",
            help
        );
        if (Ask(setting) is not { } text)
            return fallback;
        return
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            && number >= least
            && number <= most
            ? number
            : throw Wrong(setting, text);
    }

    internal IReadOnlyList<string> Words(
        string name,
        IReadOnlyList<string> fallback,
        string help,
        string accepts,
        Func<string, bool>? isValid
    )
    {
        var setting = new ParserSetting(name, fallback.Count == 0 ? "none" : string.Join(' ', fallback), accepts, help);
        if (Ask(setting) is not { } text)
            return fallback;
        string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        foreach (string word in words)
        {
            if (isValid?.Invoke(word) == false)
                throw Wrong(setting, text);
        }
        return words;
    }

    /// <summary>All plugins have registered: what was set and nobody asked for is an error.</summary>
    /// <param name="others">Names that plugins asked for which then could not be used.</param>
    internal void Freeze(ICollection<string> others)
    {
        foreach (string name in given.Keys)
        {
            if (!_known.ContainsKey(name) && !others.Contains(name))
                throw new FlowPipeException(
                    $"{Section}.{name} is set, but no parser knows it: correct the name or remove it ('flowpipe config --list' shows all)"
                )
                {
                    IsWrongUsage = true,
                };
        }
    }

    private string? Ask(ParserSetting setting)
    {
        _known.TryAdd(setting.Name, setting);
        foreach ((string name, string text) in given)
        {
            if (name.Equals(setting.Name, StringComparison.OrdinalIgnoreCase))
                return text;
        }
        return null;
    }

    private static FlowPipeException Wrong(ParserSetting setting, string text) =>
        new($"{Section}.{setting.Name} is \"{text}\", but must be {setting.Accepts}") { IsWrongUsage = true };
}
