using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using FlowPipe.Core;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary>The command line: what commands there are, and how failures become messages and exit statuses.</summary>
internal static class CommandLine
{
    private const string Description =
        "FlowPipe turns packets into session records: who talked to whom, when, how much and over which protocols, one typed record a "
        + "session, on Kafka or in a file.";

    private const string RootExamples = """
        flowpipe demo                                       see it work: a sample capture through an embedded Kafka
        flowpipe replay -r my.pcap                          the sessions of your own capture, as a table
        flowpipe replay -r my.pcap --to ndjson:-            the same, as one line of JSON a session
        flowpipe replay -r my.pcap --to kafka://localhost:9092/flowpipe.spi.v1
        flowpipe capture -i eth0 --to kafka://localhost:9092/flowpipe.spi.v1
        flowpipe consume --from kafka://localhost:9092/flowpipe.spi.v1
        flowpipe replay --help                              all that replay can do
        """;

    public static async Task<int> RunAsync(string[] args, CommandContext context)
    {
        var debug = new Option<bool>("--debug") { Description = "Show the stack trace of an error", Recursive = true };
        RootCommand root = Build(context, debug);
        ParseResult line = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        bool showTrace = line.GetResult(debug) is { Implicit: false };
        try
        {
            if (line.CommandResult.Command == root && line.Action is null or ParseErrorAction && line.UnmatchedTokens is [])
            {
                // Without a command there is nothing to do; what there is to do is the answer.
                using var help = new StringWriter();
                root.Parse(["--help"]).Invoke(new InvocationConfiguration { Output = help });
                context.Status.Line(help.ToString().TrimEnd());
                return ExitStatus.WrongUsage;
            }
            if (line.Action is not HelpWithExamples && line.Errors is [var error, ..])
                return WrongUsage(context, line, error.Message);
            int status = await line.InvokeAsync(
                    new InvocationConfiguration
                    {
                        Output = context.Out,
                        EnableDefaultExceptionHandler = false,
                        ProcessTerminationTimeout = null,
                    }
                )
                .ConfigureAwait(false);
            context.Flush();
            return status;
        }
        catch (WrongUsageException e)
        {
            return WrongUsage(context, line, e.Message);
        }
        catch (Exception e) when (IsBrokenPipe(e))
        {
            // `flowpipe fields | head`: whoever read has had enough, and wants no message. A sink that could not deliver says so.
            return ExitStatus.Failed;
        }
        catch (Exception e)
        {
            context.Status.Message(Explain(e, showTrace));
            if (showTrace)
                context.Status.Line(e.ToString());
            return ForUser(e) is { IsWrongUsage: true } ? ExitStatus.WrongUsage : ExitStatus.Failed;
        }
    }

    private static RootCommand Build(CommandContext context, Option<bool> debug)
    {
        var root = new RootCommand(Description)
        {
            DemoCommand.Create(context),
            ReplayCommand.Create(context),
            CaptureCommand.Create(context),
            InterfacesCommand.Create(context),
            ConsumeCommand.Create(context),
            ExtractCommand.Create(context),
            VerifyCommand.Create(context),
            DiffCommand.Create(context),
            SpoolCommand.Create(context),
            FieldsCommand.Create(context),
            SchemaCommand.Create(context),
            TopicsCommand.Create(context),
            ConfigCommand.Create(context),
            debug,
        };
        foreach (Option option in root.Options)
            if (option is HelpOption { Action: HelpAction action } help)
                help.Action = new HelpWithExamples(action, RootExamples);
        return root;
    }

    private static int WrongUsage(CommandContext context, ParseResult line, string message)
    {
        string command = PathOf(line.CommandResult);
        string hint = "";
        if (line.CommandResult.Command is RootCommand && line.UnmatchedTokens is [var word, ..] && !word.StartsWith('-'))
        {
            message = $"there is no command '{word}'";
            hint = $"; did you mean '{Nearest.Of(word, line.CommandResult.Command.Subcommands.Select(known => known.Name))}'?";
        }
        else if (line.UnmatchedTokens is [['-', ..] option, ..])
        {
            message = $"there is no option '{option}'";
            hint = $"; did you mean '{Nearest.Of(option, line.CommandResult.Command.Options.Select(known => known.Name))}'?";
        }
        string more = message.EndsWith(')') ? "" : $" ('{command} --help' says more)";
        context.Status.Message($"{message.TrimEnd('.')}{hint}{more}");
        return ExitStatus.WrongUsage;
    }

    /// <summary>The command as it is typed: <c>flowpipe schema register</c>.</summary>
    private static string PathOf(CommandResult result) =>
        result.Command is RootCommand ? "flowpipe"
        : result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}"
        : $"flowpipe {result.Command.Name}";

    private static string Explain(Exception e, bool traceFollows)
    {
        if (ForUser(e) is { } known)
            return known.Message;
        // Files that a command opens have their names in messages of their own; what is left is its output.
        if (e.GetBaseException() is IOException io)
            return $"writing failed: {io.Message}; see where standard output leads to";
        string hint = traceFollows ? "" : " (a bug: --debug shows where)";
        return $"unexpected {e.GetBaseException().GetType().Name}: {e.GetBaseException().Message}{hint}";
    }

    private static FlowPipeException? ForUser(Exception e)
    {
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
            if (cause is FlowPipeException known)
                return known;
        return null;
    }

    private static bool IsBrokenPipe(Exception e)
    {
        const int epipe = 32;
        if (ForUser(e) is not null)
            return false;
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
            if (cause is IOException && (cause.HResult & 0xFFFF) == epipe)
                return true;
        return false;
    }
}
