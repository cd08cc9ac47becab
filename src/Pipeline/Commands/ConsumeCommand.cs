using System.CommandLine;
using FlowPipe.Core.Emitting;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Consuming;
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
        var count = new Option<long>("-n", "--count") { Description = "Stop after so many records", HelpName = "N" };
        count.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<long>() < 1)
                result.AddError("-n must be a whole number from 1");
        });
        var command = new FlowPipeCommand("consume", "Read records from a Kafka topic or a file and print them.", Examples)
        {
            from,
            format,
            follow,
            count,
        };
        var options = new ConfigOptions(command, flags: false);
        command.SetAction(
            async (line, _) =>
            {
                string source = line.GetRequiredValue(from);
                EffectiveConfig config = options.Load(line, context);
                bool isTopic = source.StartsWith("kafka:", StringComparison.Ordinal);
                bool follows = line.GetValue(follow);
                if (follows && !isTopic)
                    throw new WrongUsageException("--follow works with topics; a file ends where it ends");
                using var signals = new StopSignals(context.Status, config.Settings.DrainDeadline, quiet: true);
                RecordSource records = isTopic
                    ? await TopicSource
                        .OpenAsync(Target(source), config.Settings.Kafka, embedded: null, follows, context, signals.Stop)
                        .ConfigureAwait(false)
                    : FileSource.Open(source);
                using (records)
                {
                    var printer = RecordPrinter.Create(line.GetValue(format) ?? "table", context);
                    long limit = line.GetResult(count) is { Implicit: false } ? line.GetValue(count) : long.MaxValue;
                    var consumer = new Consumer(context, printer);
                    await consumer.RunAsync(records, limit, signals.Stop).ConfigureAwait(false);
                    return consumer.Unreadable == 0 ? ExitStatus.Done : ExitStatus.Failed;
                }
            }
        );
        return command;
    }

    private static KafkaTarget Target(string source)
    {
        try
        {
            SinkUri uri = SinkUri.Parse(source);
            uri.Allow();
            return KafkaTarget.Parse(uri.Target);
        }
        catch (Core.FlowPipeException e)
        {
            throw new WrongUsageException(e.Message);
        }
    }
}
