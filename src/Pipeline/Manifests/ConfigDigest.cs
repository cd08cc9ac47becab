using System.Security.Cryptography;
using System.Text;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Pipeline.Configuration;

namespace FlowPipe.Pipeline.Manifests;

/// <summary>Names a configuration by its content: SHA-256 over a line <c>name=value</c> for each setting, a line an item of lists, sorted by name.</summary>
internal static class ConfigDigest
{
    /// <summary>Settings that change nothing of the records: what a run tells of itself, and where things go.</summary>
    private static readonly string[] Outside = ["to", "stats.", "manifest.", "metrics.", "topics.", "spool.", "deadLetters."];

    public static ManifestConfiguration Of(FlowPipeSettings settings)
    {
        var defaults = new FlowPipeSettings();
        var lines = new List<string>();
        var changed = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (ConfigKey key in ConfigKeys.All)
        {
            if (
                Array.Exists(
                    Outside,
                    prefix => prefix == key.Path || (prefix.EndsWith('.') && key.Path.StartsWith(prefix, StringComparison.Ordinal))
                )
            )
                continue;
            string[] values = [.. key.Read(settings).Select(value => Secrets.Mask(key.Path, value))];
            foreach (string value in values)
                lines.Add($"{key.Path}={value}");
            if (!key.Read(settings).SequenceEqual(key.Read(defaults), StringComparer.Ordinal))
                changed[key.Path] = string.Join(' ', values);
        }
        AddOthers(ParserSettings.Section, settings.Sessions.Parsers, lines, changed);
        AddOthers(ConfigKeys.KafkaSection, settings.Kafka, lines, changed);
        lines.Sort(StringComparer.Ordinal);
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines.Select(static line => line + "\n"))));
        return new ManifestConfiguration { Sha256 = Convert.ToHexStringLower(digest), Changed = changed };
    }

    private static void AddOthers(
        string section,
        IReadOnlyDictionary<string, string> settings,
        List<string> lines,
        SortedDictionary<string, string> changed
    )
    {
        foreach ((string name, string value) in settings)
        {
            string shown = Secrets.Mask(name, value);
            lines.Add($"{section}.{name}={shown}");
            changed[$"{section}.{name}"] = shown;
        }
    }
}
