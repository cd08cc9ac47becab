using System.CommandLine;
using FlowPipe.Core;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Plugins;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe config</c>: the settings in force, or all that there are.</summary>
internal static class ConfigCommand
{
    private const string Examples = """
        flowpipe config                            the settings in force and where each came from, as YAML
        flowpipe config > flowpipe.yaml            a configuration file to start from: flowpipe replay -c flowpipe.yaml …
        flowpipe config -c flowpipe.yaml --format json
        FLOWPIPE__SESSIONS__TCPTIMEOUT=60 flowpipe config
        flowpipe config --list                     every setting, with its default and what it accepts
        """;

    public static Command Create(CommandContext context)
    {
        var list = new Option<bool>("--list") { Description = "List every setting with its default, what it accepts and what it is for" };
        var format = new Option<string>("--format")
        {
            Description = "yaml, which can be used as a configuration file, or json",
            HelpName = "yaml|json",
        };
        format.AcceptOnlyFromAmong("yaml", "json");
        var command = new FlowPipeCommand(
            "config",
            "Print the settings in force: defaults, then the file (-c), then the environment (FLOWPIPE__SECTION__KEY), then the flags.",
            Examples
        )
        {
            MoreHelp = static output =>
            {
                output.Write("Settings:\n");
                ConfigPrinter.WriteList(output, ParserSettingsOf(new FlowPipeSettings()));
            },
        };
        command.Add(list);
        command.Add(format);
        var options = new ConfigOptions(command, except: [format.Name]);
        command.SetAction(line =>
        {
            bool json = line.GetValue(format) == "json";
            EffectiveConfig config = options.Load(line, context);
            if (line.GetValue(list))
            {
                IEnumerable<ParserSetting> parsers = ParserSettingsOf(config.Settings);
                if (json)
                    ConfigPrinter.WriteListJson(context.OutBytes, parsers);
                else
                    ConfigPrinter.WriteList(context.Out, parsers);
                return ExitStatus.Done;
            }
            if (json)
                ConfigPrinter.WriteJson(context.OutBytes, config);
            else
                ConfigPrinter.WriteYaml(context.Out, config);
            return ExitStatus.Done;
        });
        return command;
    }

    /// <summary>The parsers that a run would load say what can be set of them.</summary>
    private static IEnumerable<ParserSetting> ParserSettingsOf(FlowPipeSettings settings)
    {
        try
        {
            return SessionStage.ParserSettingsOf(PluginLoader.Load(settings.Plugins, static _ => { }), static _ => { });
        }
        catch (FlowPipeException)
        {
            // Help is to be had also where they are missing; a run says that they are.
            return [];
        }
    }
}
