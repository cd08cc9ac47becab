using System.CommandLine;
using FlowPipe.Core;
using FlowPipe.Core.Emitting.Encodings;
using FlowPipe.Pipeline.Terminal;
using FlowPipe.Schemas;
using FlowPipe.Schemas.Registry;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe schema check</c> and <c>flowpipe schema register</c>: the record's schema against a registry.</summary>
internal static class SchemaRegistryCommands
{
    private const string Topic = "flowpipe.spi.v1";

    private const string CheckExamples = """
        flowpipe schema check --registry http://localhost:8081                     would the registry take this build's schema?
        flowpipe schema check --registry http://localhost:8081 -s my-value x.avsc  another subject, another schema
        """;

    private const string RegisterExamples = """
        flowpipe schema register --registry http://localhost:8081                  for topic flowpipe.spi.v1
        flowpipe schema register --registry http://localhost:8081 --topic probe.spi --compatibility FULL_TRANSITIVE
        """;

    private const int ProblemLengthMax = 300;

    private static readonly string[] Levels =
    [
        "BACKWARD",
        "BACKWARD_TRANSITIVE",
        "FORWARD",
        "FORWARD_TRANSITIVE",
        "FULL",
        "FULL_TRANSITIVE",
        "NONE",
    ];

    public static Command CreateCheck(CommandContext context)
    {
        var command = new FlowPipeCommand(
            "check",
            "Ask a schema registry whether it would take the schema by its compatibility level; status 0 if so, 1 if not.",
            CheckExamples
        );
        var options = new Options(command);
        command.SetAction(
            async (line, stop) =>
            {
                using Target target = options.Open(line, context);
                return await Guarded(() => CheckAsync(context, target, stop)).ConfigureAwait(false);
            }
        );
        return command;
    }

    public static Command CreateRegister(CommandContext context)
    {
        var level = new Option<string>("--compatibility")
        {
            Description = "Give the subject this level first; without it, what the registry has stays [recommended: FULL_TRANSITIVE]",
            HelpName = "LEVEL",
        };
        level.AcceptOnlyFromAmong(Levels);
        var command = new FlowPipeCommand("register", "Register the schema with a schema registry.", RegisterExamples) { level };
        var options = new Options(command);
        command.SetAction(
            async (line, stop) =>
            {
                using Target target = options.Open(line, context);
                return await Guarded(() => RegisterAsync(context, target, line.GetValue(level), stop)).ConfigureAwait(false);
            }
        );
        return command;
    }

    private static async Task<int> CheckAsync(CommandContext context, Target target, CancellationToken stop)
    {
        SchemaRegistryClient client = target.Client;
        IReadOnlyList<int> versions = await client.VersionsAsync(target.Subject, stop).ConfigureAwait(false);
        if (versions.Count == 0)
        {
            context.Out.Write(
                $"{target.Subject}: there is no version yet, so any schema fits; 'flowpipe schema register' makes the first\n"
            );
            return ExitStatus.Done;
        }
        if (await client.FindAsync(target.Subject, target.Schema, stop).ConfigureAwait(false) is { } found)
        {
            context.Out.Write($"{target.Subject}: registered, version {found.Version}, id {found.Id}\n");
            return ExitStatus.Done;
        }
        string level = await client.LevelAsync(target.Subject, stop).ConfigureAwait(false);
        RegistryVerdict verdict = await client.CheckAsync(target.Subject, target.Schema, stop).ConfigureAwait(false);
        string known = versions.Count == 1 ? "1 version" : $"{versions.Count} versions";
        if (verdict.IsCompatible)
        {
            context.Out.Write($"{target.Subject}: compatible by its level {level} ({known} so far), but not registered\n");
            return ExitStatus.Done;
        }
        context.Out.Write($"{target.Subject}: not compatible by its level {level} ({known} so far)\n");
        foreach (string problem in verdict.Problems)
        {
            string line = StatusWriter.OneLine(problem);
            context.Out.Write($"  {(line.Length > ProblemLengthMax ? line[..ProblemLengthMax] + "…" : line)}\n"); // some hold whole schemas
        }
        return ExitStatus.Failed;
    }

    private static async Task<int> RegisterAsync(CommandContext context, Target target, string? level, CancellationToken stop)
    {
        if (level is not null)
            await target.Client.SetLevelAsync(target.Subject, level, stop).ConfigureAwait(false);
        RegisteredSchema registered;
        try
        {
            registered = await target.Client.RegisterAsync(target.Subject, target.Schema, stop).ConfigureAwait(false);
        }
        catch (SchemaRegistryException e) when (e.Fault == RegistryFault.Incompatible)
        {
            throw new FlowPipeException(
                $"{e.Message}: the schema does not fit the versions of {target.Subject}; 'flowpipe schema check' lists why, a topic of another name has a subject of its own",
                e
            );
        }
        context.Out.Write($"{target.Subject}: registered, version {registered.Version}, id {registered.Id}\n");
        return ExitStatus.Done;
    }

    private static async Task<int> Guarded(Func<Task<int>> act)
    {
        try
        {
            return await act().ConfigureAwait(false);
        }
        catch (SchemaRegistryException e)
        {
            throw RegistryFaults.ToUser(e);
        }
    }

    /// <summary>What both commands ask for.</summary>
    private sealed class Options
    {
        private readonly Argument<string?> _file = new("FILE")
        {
            Description = "Schema as JSON; without it, that of this build's records",
            Arity = ArgumentArity.ZeroOrOne,
        };
        private readonly Option<string> _topic = new("--topic")
        {
            Description = $"Topic that the subject is of [default: {Topic}]",
            HelpName = "TOPIC",
        };
        private readonly Option<string> _subject = new("-s", "--subject")
        {
            Description = "Subject, instead of the one that the strategy (kafka.value.subject.name.strategy) makes of the topic",
            HelpName = "NAME",
        };
        private readonly ConfigOptions _config;

        public Options(Command command)
        {
            command.Add(_file);
            command.Add(_topic);
            command.Add(_subject);
            _config = new ConfigOptions(command, only: "--registry");
        }

        public Target Open(ParseResult line, CommandContext context)
        {
            RegistrySettings settings = _config.Load(line, context).Settings.Registry;
            if (!settings.IsSet)
                throw new WrongUsageException("there is no registry: give --registry http://HOST:PORT, or set kafka.schema.registry.url");
            string schema = line.GetValue(_file) is { } file ? Read(file) : SessionSchema.Json;
            string name;
            try
            {
                name = new AvroJsonReader(schema).Name;
            }
            catch (InvalidDataException e)
            {
                throw new FlowPipeException($"{line.GetValue(_file)}: {e.Message}", e);
            }
            string subject = line.GetValue(_subject) ?? SubjectNames.Of(settings.Strategy, line.GetValue(_topic) ?? Topic, name);
            return new Target(RegistryFaults.Open(settings), subject, schema);
        }

        private static string Read(string file)
        {
            try
            {
                return File.ReadAllText(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                throw new FlowPipeException($"{file}: it can't be read: {e.Message}", e);
            }
        }
    }

    private sealed record Target(SchemaRegistryClient Client, string Subject, string Schema) : IDisposable
    {
        public void Dispose() => Client.Dispose();
    }
}
