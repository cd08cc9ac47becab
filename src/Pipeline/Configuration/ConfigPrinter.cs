using System.Text.Json;
using FlowPipe.Core.Sessions.Parsing;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>Shows settings: as YAML that can be used as a configuration file, or as JSON; secrets as stars.</summary>
internal static class ConfigPrinter
{
    public static void WriteYaml(TextWriter output, EffectiveConfig config)
    {
        string section = "";
        foreach (ConfigKey key in ConfigKeys.All)
        {
            int dot = key.Path.IndexOf('.', StringComparison.Ordinal);
            string keySection = dot < 0 ? "" : key.Path[..dot];
            if (keySection != section)
                output.Write($"{keySection}:\n");
            section = keySection;
            string indent = dot < 0 ? "" : "  ";
            IReadOnlyList<string> values = key.Read(config.Settings);
            string text =
                key.Kind == ConfigKind.List
                    ? "[" + string.Join(", ", values.Select(value => Quote(Secrets.Mask(key.Path, value)))) + "]"
                    : YamlScalar(key, values[0]);
            output.Write($"{indent + key.Path[(dot + 1)..] + ": " + text, -40} # {config.SourceOf(key.Path)}\n");
        }
        // The registry's settings come last and lie in this section, which goes on with librdkafka's.
        WriteYaml(output, config, ConfigKeys.KafkaSection, config.Settings.Kafka, isOpen: section == ConfigKeys.KafkaSection);
        WriteYaml(output, config, ParserSettings.Section, config.Settings.Sessions.Parsers, isOpen: false);
    }

    /// <summary>A section whose names are not ours.</summary>
    private static void WriteYaml(
        TextWriter output,
        EffectiveConfig config,
        string section,
        IReadOnlyDictionary<string, string> values,
        bool isOpen
    )
    {
        if (values.Count == 0)
            return;
        if (!isOpen)
            output.Write($"{section}:\n");
        foreach ((string name, string value) in values)
            output.Write($"{"  " + name + ": " + Quote(Secrets.Mask(name, value)), -40} # {config.SourceOf(section + "." + name)}\n");
    }

    public static void WriteJson(Stream output, EffectiveConfig config)
    {
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            foreach (ConfigKey key in ConfigKeys.All)
            {
                json.WriteStartObject(key.Path);
                WriteJsonValue(json, key, key.Read(config.Settings));
                json.WriteString("source", config.SourceOf(key.Path).ToString());
                json.WriteEndObject();
            }
            WriteJson(json, config, ParserSettings.Section, config.Settings.Sessions.Parsers);
            WriteJson(json, config, ConfigKeys.KafkaSection, config.Settings.Kafka);
            json.WriteEndObject();
        }
        output.WriteByte((byte)'\n');
    }

    private static void WriteJson(Utf8JsonWriter json, EffectiveConfig config, string section, IReadOnlyDictionary<string, string> values)
    {
        foreach ((string name, string value) in values)
        {
            json.WriteStartObject(section + "." + name);
            json.WriteString("value", Secrets.Mask(name, value));
            json.WriteString("source", config.SourceOf(section + "." + name).ToString());
            json.WriteEndObject();
        }
    }

    /// <summary>Every setting with its default, what it accepts and what it is for.</summary>
    public static void WriteList(TextWriter output, IEnumerable<ParserSetting> parsers)
    {
        var defaults = new FlowPipeSettings();
        foreach (ConfigKey key in ConfigKeys.All)
        {
            string flag = key.Flag is null ? "" : $" ({key.Flag})";
            output.Write($"  {key.Path}{flag}\n      {key.Help}.\n      Default: {DefaultText(key, defaults)}. Accepts {key.Accepts}.\n");
        }
        foreach (ParserSetting setting in parsers)
        {
            string path = ParserSettings.Section + "." + setting.Name;
            output.Write($"  {path}\n      {setting.Help}.\n      Default: {setting.Fallback}. Accepts {setting.Accepts}.\n");
        }
        output.Write($"  {ConfigKeys.KafkaSection}.*\n      {ConfigKeys.KafkaHelp}.\n");
    }

    /// <summary>The same for programs.</summary>
    public static void WriteListJson(Stream output, IEnumerable<ParserSetting> parsers)
    {
        var defaults = new FlowPipeSettings();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (ConfigKey key in ConfigKeys.All)
            {
                json.WriteStartObject();
                json.WriteString("name", key.Path);
                if (key.Flag is not null)
                    json.WriteString("flag", key.Flag);
                WriteJsonValue(json, key, key.Read(defaults), "default");
                json.WriteString("accepts", key.Accepts);
                json.WriteString("help", key.Help);
                json.WriteEndObject();
            }
            foreach (ParserSetting setting in parsers)
            {
                json.WriteStartObject();
                json.WriteString("name", ParserSettings.Section + "." + setting.Name);
                json.WriteString("default", setting.Fallback);
                json.WriteString("accepts", setting.Accepts);
                json.WriteString("help", setting.Help);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        output.WriteByte((byte)'\n');
    }

    /// <summary>A setting's default as it is shown in help.</summary>
    public static string DefaultText(ConfigKey key, FlowPipeSettings defaults) =>
        key.Read(defaults) is { Count: > 0 } values && values[0].Length > 0 ? string.Join(' ', values) : "none";

    private static void WriteJsonValue(Utf8JsonWriter json, ConfigKey key, IReadOnlyList<string> values, string name = "value")
    {
        switch (key.Kind)
        {
            case ConfigKind.Number or ConfigKind.Truth:
                json.WritePropertyName(name);
                json.WriteRawValue(values[0]);
                break;
            case ConfigKind.Text:
                json.WriteString(name, Secrets.Mask(key.Path, values[0]));
                break;
            default:
                json.WriteStartArray(name);
                foreach (string value in values)
                    json.WriteStringValue(Secrets.Mask(key.Path, value));
                json.WriteEndArray();
                break;
        }
    }

    private static string YamlScalar(ConfigKey key, string value) =>
        key.Kind is ConfigKind.Number or ConfigKind.Truth ? value : Quote(Secrets.Mask(key.Path, value));

    // A JSON string is a YAML double-quoted scalar, whatever is in it.
    private static string Quote(string value) =>
        "\"" + JsonEncodedText.Encode(value, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping) + "\"";
}
