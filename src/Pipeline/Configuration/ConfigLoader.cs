using System.Collections;
using FlowPipe.Core;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>Puts the layers on top of each other: defaults, file, environment, flags.</summary>
internal static class ConfigLoader
{
    public static EffectiveConfig Load(string? file, IDictionary environment, IEnumerable<ConfigEntry> flags)
    {
        var config = new EffectiveConfig();
        if (file is not null)
            foreach (ConfigEntry entry in YamlConfig.Read(file))
                config.Set(entry);
        foreach (ConfigEntry entry in EnvironmentConfig.Read(environment))
            config.Set(entry);
        foreach (ConfigEntry entry in flags)
            config.Set(entry);
        return config;
    }

    /// <summary>The entry of <c>--set name=value</c>.</summary>
    public static ConfigEntry ParseSet(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
            throw new FlowPipeException($"--set {text}: write it as name=value, such as --set sessions.tcpTimeout=60");
        return new ConfigEntry(text[..equals], [text[(equals + 1)..]], new ConfigSource(ConfigLayer.Flag, "--set"));
    }
}
