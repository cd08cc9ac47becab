using System.CommandLine;
using FlowPipe.Core;
using FlowPipe.Core.Administration;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Terminal;
using FlowPipe.Pipeline.Topics;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe topics</c>: creates the topics that a run uses, or says how those that there are differ.</summary>
internal static class TopicsCommand
{
    private const string Examples = """
        flowpipe topics create --brokers localhost:9092             all topics that FlowPipe uses, as they should be
        flowpipe topics check --brokers localhost:9092              what is missing or otherwise; status 1 if anything is
        """;

    private const string CreateExamples = """
        flowpipe topics create --brokers localhost:9092
        flowpipe topics create --brokers localhost:9092 --dry-run   what it would do; the brokers check rights and numbers
        flowpipe topics create --to kafka://localhost:9092/probe.spi --set topics.spi.partitions=24 --set topics.spi.config=retention.ms=86400000
        flowpipe topics create -c flowpipe.yaml                     the cluster and the names of the configuration
        """;

    private const string CheckExamples = """
        flowpipe topics check --brokers localhost:9092
        flowpipe topics check -c flowpipe.yaml
        """;

    private const int DefaultSeconds = 10;
    private const int SecondsMax = 3600;

    public static Command Create(CommandContext context) =>
        new FlowPipeCommand("topics", "Create the Kafka topics that FlowPipe uses, or check them.", Examples)
        {
            CreateCreate(context),
            CreateCheck(context),
        };

    private static FlowPipeCommand CreateCreate(CommandContext context)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Create nothing; the brokers say whether they would" };
        var command = new FlowPipeCommand(
            "create",
            "Create topics that are missing; those that there are stay as they are.",
            CreateExamples
        )
        {
            dryRun,
        };
        var options = new Options(command);
        command.SetAction((line, stop) => options.RunAsync(line, context, new CreateTopics(context, line.GetValue(dryRun)).RunAsync, stop));
        return command;
    }

    private static FlowPipeCommand CreateCheck(CommandContext context)
    {
        var command = new FlowPipeCommand(
            "check",
            "Compare topics with what they should be: one line a difference. Status 0: there is none, 1: there are.",
            CheckExamples
        );
        var options = new Options(command);
        command.SetAction((line, stop) => options.RunAsync(line, context, new CheckTopics(context).RunAsync, stop));
        return command;
    }

    /// <summary>What both commands ask for.</summary>
    private sealed class Options
    {
        private readonly Option<string?> _brokers = new("--brokers")
        {
            Description = "The cluster; without it, those of the sinks (--to, or 'to' in the configuration)",
            HelpName = "HOST:PORT,…",
        };
        private readonly Option<int> _timeout = new("--timeout")
        {
            Description = $"Seconds that the brokers may take to answer [default: {DefaultSeconds}]",
            HelpName = "SECONDS",
        };
        private readonly ConfigOptions _config;

        public Options(Command command)
        {
            _timeout.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() is < 1 or > SecondsMax)
                    result.AddError($"--timeout must be a whole number from 1 to {SecondsMax}");
            });
            command.Add(_brokers);
            command.Add(_timeout);
            _config = new ConfigOptions(command, only: ConfigKeys.To.Flag);
        }

        /// <summary>Does something on each cluster.</summary>
        public async Task<int> RunAsync(
            ParseResult line,
            CommandContext context,
            Func<TopicAdmin, IReadOnlyList<PlannedTopic>, CancellationToken, Task<bool>> act,
            CancellationToken stop
        )
        {
            FlowPipeSettings settings = _config.Load(line, context).Settings;
            var time = TimeSpan.FromSeconds(line.GetResult(_timeout) is { Implicit: false } ? line.GetValue(_timeout) : DefaultSeconds);
            IReadOnlyList<ClusterTopics> clusters;
            try
            {
                clusters = TopicPlan.Of(settings, line.GetValue(_brokers));
            }
            catch (FlowPipeException e)
            {
                throw new WrongUsageException(e.Message);
            }
            bool all = true;
            foreach (ClusterTopics cluster in clusters)
            {
                using TopicAdmin admin = await TopicAdmin.OpenAsync(cluster.Brokers, settings.Kafka, time, stop).ConfigureAwait(false);
                all &= await act(admin, cluster.Plan(settings, admin.Brokers), stop).ConfigureAwait(false);
            }
            return all ? ExitStatus.Done : ExitStatus.Failed;
        }
    }
}
