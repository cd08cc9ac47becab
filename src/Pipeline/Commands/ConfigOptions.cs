using System.CommandLine;
using FlowPipe.Core;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary>The options that set settings: <c>-c</c>, <c>--set</c>, and the flags that the table of settings names.</summary>
internal sealed class ConfigOptions
{
    private readonly Option<string?> _file = new("-c", "--config")
    {
        Description = "Configuration file, YAML ('flowpipe config' prints one)",
        HelpName = "CONFIG",
    };

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Any setting by its name; may be repeated ('flowpipe config --list' shows all)",
        HelpName = "KEY=VALUE",
    };

    private readonly List<(ConfigKey Key, Option Option)> _flags = [];

    /// <param name="command">The command that gets them.</param>
    /// <param name="except">Flags that mean something else there, or nothing.</param>
    /// <param name="flags">Whether it has the settings' own flags.</param>
    /// <param name="only">The one flag that it has of them.</param>
    public ConfigOptions(Command command, string[]? except = null, bool flags = true, string? only = null)
    {
        var defaults = new FlowPipeSettings();
        foreach (ConfigKey key in ConfigKeys.All)
        {
            if (!flags || key.Flag is null || except?.Contains(key.Flag) == true || (only is not null && key.Flag != only))
                continue;
            string description =
                key.Kind == ConfigKind.Truth ? key.Help : $"{key.Help} [default: {ConfigPrinter.DefaultText(key, defaults)}]";
            Option option = key.Kind switch
            {
                ConfigKind.Truth => new Option<bool>(key.Flag),
                ConfigKind.List => new Option<string[]>(key.Flag) { HelpName = key.FlagValue },
                _ => new Option<string>(key.Flag) { HelpName = key.FlagValue },
            };
            option.Description = description;
            _flags.Add((key, option));
            command.Add(option);
        }
        command.Add(_file);
        command.Add(_set);
    }

    /// <summary>The settings in force for this command line.</summary>
    /// <exception cref="WrongUsageException">One of them is not right.</exception>
    public EffectiveConfig Load(ParseResult line, CommandContext context)
    {
        try
        {
            return ConfigLoader.Load(line.GetValue(_file), context.Environment, Flags(line));
        }
        catch (FlowPipeException e)
        {
            throw new WrongUsageException(e.Message);
        }
    }

    private IEnumerable<ConfigEntry> Flags(ParseResult line)
    {
        foreach (string text in line.GetValue(_set) ?? [])
            yield return ConfigLoader.ParseSet(text);
        foreach ((ConfigKey key, Option option) in _flags)
        {
            if (line.GetResult(option) is not { Implicit: false })
                continue;
            var source = new ConfigSource(ConfigLayer.Flag, option.Name);
            yield return option switch
            {
                Option<bool> truth => new ConfigEntry(key.Path, [line.GetValue(truth) ? "true" : "false"], source),
                Option<string[]> list => new ConfigEntry(key.Path, line.GetValue(list) ?? [], source) { IsList = true },
                _ => new ConfigEntry(key.Path, [line.GetValue((Option<string>)option) ?? ""], source),
            };
        }
    }
}
