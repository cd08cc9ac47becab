using System.Collections;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>Reads the entries of the environment: <c>FLOWPIPE__SESSIONS__TCPTIMEOUT=60</c>.</summary>
internal static class EnvironmentConfig
{
    public const string Prefix = "FLOWPIPE__";

    private const string KafkaPrefix = Prefix + "KAFKA__";

    /// <summary>The entries in the order of their names, so that errors repeat.</summary>
    public static List<ConfigEntry> Read(IDictionary environment)
    {
        var entries = new List<ConfigEntry>();
        foreach (DictionaryEntry variable in environment)
        {
            string name = (string)variable.Key;
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
                continue;
            entries.Add(new ConfigEntry(PathOf(name), [(string?)variable.Value ?? ""], new ConfigSource(ConfigLayer.Environment, name)));
        }
        entries.Sort(static (a, b) => string.CompareOrdinal(a.Source.Where, b.Source.Where));
        return entries;
    }

    // Shells allow no dots and hyphens in names: FLOWPIPE__FLOW_TIMEOUTS__TCP__EMERGENCY_NEW. For Kafka's properties, as in the usual Kafka images a dot is written _, and a _ that is meant ___ (log_level).
    private static string PathOf(string name)
    {
        if (!name.StartsWith(KafkaPrefix, StringComparison.OrdinalIgnoreCase))
            return name[Prefix.Length..].Replace("__", ".", StringComparison.Ordinal).Replace('_', '-');
        string[] words = name[KafkaPrefix.Length..].ToLowerInvariant().Split("___");
        return "kafka." + string.Join('_', words.Select(static word => word.Replace('_', '.')));
    }
}
