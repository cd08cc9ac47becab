using System.CommandLine;
using FlowPipe.Core;
using FlowPipe.Core.Consuming;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Pipeline.Consuming.Filtering;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe consume</c>: records out of a topic or a file, and shown.</summary>
internal static class ConsumeCommand
{
    private const string Examples = """
        flowpipe consume --from kafka://localhost:9092/flowpipe.spi.v1             a table of what is in the topic
        flowpipe consume --from kafka://localhost:9092/flowpipe.spi.v1 --follow    and of what comes, until Ctrl-C
        flowpipe consume --from sessions.avro --format json -n 10                  the first ten of an Avro file, one a line
        flowpipe consume --from sessions.avro --format sessions3                   as documents for Arkime
        flowpipe replay -r my.pcap --to ndjson:- | flowpipe consume --from -
        flowpipe consume --from all.avro --where 'dns.host == example.com or ip.dst == 10.0.0.0/8 and port.dst < 1024'
        flowpipe consume --from kafka://localhost:9092/flowpipe.spi.v1 --registry http://localhost:8081 --since 15m --partition 0
        flowpipe consume --from kafka://localhost:9092/flowpipe.spi.v1 --group my-group --format json   go on where the group left off
        """;

    public static Command Create(CommandContext context)
    {
        var from = new Option<string>("--from")
        {
            Description = "Topic as kafka://BROKERS/TOPIC, or a file: Avro container or JSON lines, told apart by content; - is stdin",
            HelpName = "SOURCE",
            Required = true,
        };
        var format = new Option<string>("--format")
        {
            Description =
                "table; json: the record by its Avro names, one a line; sessions3: Arkime's document, one a line [default: table]",
            HelpName = "table|json|sessions3",
        };
        format.AcceptOnlyFromAmong("table", "json", "sessions3");
        var follow = new Option<bool>("--follow", "-f")
        {
            Description = "Go on with what is produced from now on, until Ctrl-C (topics only)",
        };
        var count = new CountOption("Stop after so many records");
        var where = new Option<string>("--where")
        {
            Description =
                "Only records for which this holds: FIELD ==, !=, <, <=, >, >= or contains VALUE, or FIELD alone; and, or, not, brackets; names as in 'flowpipe fields'",
            HelpName = "EXPR",
        };
        var schemas = new Option<string[]>("--schema")
        {
            Description = "Schema of records in Avro's single-object encoding that are not of this build; may be repeated (topics only)",
            HelpName = "FILE",
        };
        var topic = new TopicOptions();
        var command = new FlowPipeCommand("consume", "Read records from a Kafka topic or a file and print them.", Examples)
        {
            from,
            format,
            follow,
            count,
            where,
            schemas,
        };
        topic.AddTo(command);
        var options = new ConfigOptions(command, only: "--registry");
        command.SetAction(
            async (line, _) =>
            {
                string source = line.GetRequiredValue(from);
                EffectiveConfig config = options.Load(line, context);
                bool isTopic = RecordTopic.IsTopic(source);
                bool follows = line.GetValue(follow);
                if (follows && !isTopic)
                    throw new WrongUsageException("--follow works with topics; a file ends where it ends");
                if (!isTopic && topic.Given(line) is { } given)
                    throw new WrongUsageException($"{given} works with topics only");
                if (!isTopic && line.GetValue(schemas) is { Length: > 0 })
                    throw new WrongUsageException("--schema works with topics only; a file brings its schema with it");
                RecordFilter? filter = line.GetValue(where) is { } expression
                    ? WrongUsageException.From(() => RecordFilter.Parse(expression))
                    : null;
                using var signals = new StopSignals(context.Status, config.Settings.DrainDeadline, quiet: true);
                RecordSource records = isTopic
                    ? await OpenTopicAsync(
                            source,
                            config.Settings,
                            topic.Reading(line, follows),
                            line.GetValue(schemas) ?? [],
                            context,
                            signals.Stop
                        )
                        .ConfigureAwait(false)
                    : FileSource.Open(source);
                using (records)
                {
                    var printer = RecordPrinter.Create(line.GetValue(format) ?? "table", context);
                    long limit = count.Of(line);
                    var consumer = new Consumer(context, printer, filter);
                    await consumer.RunAsync(records, limit, signals.Stop).ConfigureAwait(false);
                    return consumer.Unreadable == 0 ? ExitStatus.Done : ExitStatus.Failed;
                }
            }
        );
        return command;
    }

    private static async Task<TopicSource> OpenTopicAsync(
        string source,
        FlowPipeSettings settings,
        TopicReading reading,
        string[] schemas,
        CommandContext context,
        CancellationToken stop
    )
    {
        TopicSource topic = await TopicOptions.OpenAsync(source, settings, reading, context, stop).ConfigureAwait(false);
        try
        {
            foreach (string file in schemas)
                topic.Add(await ReadAsync(file, stop).ConfigureAwait(false), file);
            return topic;
        }
        catch
        {
            topic.Dispose();
            throw;
        }
    }

    private static async Task<string> ReadAsync(string file, CancellationToken stop)
    {
        try
        {
            return await File.ReadAllTextAsync(file, stop).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FlowPipeException($"--schema {file}: it can't be read: {e.Message}", e);
        }
    }
}
