using FlowPipe.Core;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>
/// Reads the entries of a YAML file from the parser's events: no object mapping, so that every entry still has its line, and no reflection
/// at start.
/// </summary>
internal static class YamlConfig
{
    // Far beyond any real file; the limit is there because the reader recurses.
    private const int MaxDepth = 16;

    public static List<ConfigEntry> Read(string file)
    {
        try
        {
            using StreamReader text = File.OpenText(file);
            return Read(text, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FlowPipeException($"{file}: the configuration can't be read: {e.Message}", e);
        }
    }

    public static List<ConfigEntry> Read(TextReader text, string file)
    {
        var entries = new List<ConfigEntry>();
        try
        {
            var parser = new Parser(text);
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
                return entries;
            parser.Consume<DocumentStart>();
            if (parser.Accept<Scalar>(out Scalar? only) && only.Value.Length == 0)
                parser.MoveNext();
            else
                ReadMapping(parser, file, "", 0, entries, []);
            parser.Consume<DocumentEnd>();
            if (!parser.Accept<StreamEnd>(out _))
                throw At(file, parser.Current!, "there is a second document; put all settings into the first");
        }
        catch (YamlException e)
        {
            throw new FlowPipeException($"{file}:{e.Start.Line}: this is not YAML: {e.Message}", e);
        }
        catch (ArgumentException e)
        {
            // What the parser throws for a tag that is no URI; it does not say where.
            throw new FlowPipeException($"{file}: this is not YAML: {e.Message}", e);
        }
        return entries;
    }

    private static void ReadMapping(
        IParser parser,
        string file,
        string section,
        int depth,
        List<ConfigEntry> entries,
        Dictionary<string, long> lines
    )
    {
        if (!parser.TryConsume<MappingStart>(out MappingStart? start))
            throw At(file, parser.Current!, "settings are written as 'name: value'");
        if (depth == MaxDepth)
            throw At(file, start, "sections are nested too deeply");
        while (!parser.Accept<MappingEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out Scalar? name))
                throw At(file, parser.Current!, "a setting's name must be plain text");
            string path = section.Length == 0 ? name.Value : section + "." + name.Value;
            var source = new ConfigSource(ConfigLayer.File, $"{file}:{name.Start.Line}");
            if (parser.Accept<MappingStart>(out _))
            {
                if (!ConfigKeys.IsSection(path) && ConfigKeys.KafkaProperty(path) is null && ConfigKeys.ParserSetting(path) is null)
                    throw NotASection(source, path);
                ReadMapping(parser, file, path, depth + 1, entries, lines);
                continue;
            }
            if (!lines.TryAdd(path.ToUpperInvariant(), name.Start.Line))
                throw At(file, name, $"{path} was already set on line {lines[path.ToUpperInvariant()]}");
            entries.Add(ReadValue(parser, file, path, source));
        }
        parser.Consume<MappingEnd>();
    }

    private static ConfigEntry ReadValue(IParser parser, string file, string path, ConfigSource source)
    {
        if (parser.TryConsume<Scalar>(out Scalar? scalar))
        {
            if (
                scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" }
                && ConfigKeys.Find(path) is { Kind: not ConfigKind.List }
            )
                throw At(file, scalar, $"{path} has no value");
            return new ConfigEntry(path, [scalar.Value], source);
        }
        if (!parser.TryConsume<SequenceStart>(out _))
            throw At(file, parser.Current!, $"{path} must be a value or a list of values; anchors and aliases are not known here");
        var values = new List<string>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            if (RouteYaml.IsRoutes(path) && parser.Accept<MappingStart>(out _))
                values.Add(RouteYaml.Read(parser, file));
            else if (parser.TryConsume<Scalar>(out Scalar? item))
                values.Add(item.Value);
            else
                throw At(file, parser.Current!, $"{path} must be a list of plain values");
        }
        return new ConfigEntry(path, values, source) { IsList = true };
    }

    private static FlowPipeException NotASection(ConfigSource source, string path) =>
        ConfigKeys.Find(path) is { } key
            ? new FlowPipeException($"{source.Where}: {key.Path} is a section, but must be {key.Accepts}")
            : new FlowPipeException(
                $"{source.Where}: there is no section \"{path}\"; did you mean \"{ConfigKeys.Nearest(path)}\"? ('flowpipe config --list' shows all)"
            );

    internal static FlowPipeException At(string file, ParsingEvent place, string what) => new($"{file}:{place.Start.Line}: {what}");
}
