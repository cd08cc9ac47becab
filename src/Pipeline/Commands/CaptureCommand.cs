using System.CommandLine;
using FlowPipe.Abstractions;
using FlowPipe.Core.Privileges;
using FlowPipe.Core.Reading.Live;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Plugins;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe capture</c>: interfaces in, records out, until it is stopped.</summary>
internal static class CaptureCommand
{
    private const string Examples = """
        flowpipe interfaces                                           which there are
        flowpipe capture -i eth0 --set capture.dropUser=flowpipe --to kafka://localhost:9092/flowpipe.spi.v1
        flowpipe capture -i eth0 -i eth1 --bpf 'not port 9092' --to ndjson:sessions.json --set capture.allowRoot=true
        flowpipe capture -i 'eth0=tcp port 443' -i 'eth1=udp' --to null: --stats -
        flowpipe capture -i any --set capture.pcapReadMethod=libpcap
        """;

    public static Command Create(CommandContext context)
    {
        var interfaces = new Option<string[]>("-i", "--interface")
        {
            Description = "Interface to listen to, with a filter of its own behind = if it has one; may be repeated",
            HelpName = "IFACE[=EXPR]",
        };
        var command = new FlowPipeCommand(
            "capture",
            "Listen to interfaces and send one record a session to a sink, until a signal ends it.",
            Examples
        )
        {
            interfaces,
        };
        var options = new ConfigOptions(
            command,
            except: ["--recursive", "--sorted", "--monitor", "--speed", "--exactly-once", "--positions"]
        );
        command.SetAction(
            async (line, _) =>
            {
                FlowPipeSettings Load() => Settings(options.Load(line, context), line.GetValue(interfaces) ?? []);
                return await RunAsync(context, Load(), Load).ConfigureAwait(false);
            }
        );
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, FlowPipeSettings settings, Func<FlowPipeSettings> load)
    {
        ProcessPrivileges.KeepFilesPrivate();
        // Devices first, while we may; whatever else is opened or made is the new user's.
        using LivePacketReader reader = LivePacketReader.Open(
            settings.Capture with
            {
                Bpf = settings.Reading.Bpf,
                Warn = context.Status.Message,
            }
        );
        List<IFlowPipePlugin> rootPlugins = PluginLoader.LoadRoot(settings.Plugins, context.Status.Message);
        string now = ProcessPrivileges.Drop(settings.Privileges);
        if (!settings.Stats.Quiet)
            context.Status.Message($"listening to {reader.Description}{now}");
        return await new Replay(context, settings, load) { LiveReader = reader, RootPlugins = rootPlugins }
            .RunAsync([])
            .ConfigureAwait(false);
    }

    private static FlowPipeSettings Settings(EffectiveConfig config, string[] interfaces)
    {
        FlowPipeSettings settings = config.Settings;
        foreach (string text in interfaces)
            if (!CaptureInterface.IsValid(text))
                throw new WrongUsageException($"-i {text}: that is no name of an interface ('flowpipe interfaces' lists them)");
        if (settings.ExactlyOnce.Enabled)
            throw new WrongUsageException("exactlyOnce.enabled is for replays: a capture can't be read again");
        return settings with
        {
            Capture = interfaces.Length == 0 ? settings.Capture : settings.Capture with { Interfaces = interfaces },
            Records = settings.Records with
            {
                Node = config.SourceOf("node").Layer == ConfigLayer.Default ? Environment.MachineName : settings.Records.Node,
            },
        };
    }
}
