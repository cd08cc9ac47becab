using System.CommandLine;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Reading;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Pipeline.Sinks;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe demo</c>: the sample captures into a Kafka inside the process, and their records back out of the topic.</summary>
internal static class DemoCommand
{
    private const string Topic = "flowpipe.spi.v1";

    private static readonly string[] Patterns = ["*.pcap", "*.pcapng", "*.pcap.gz"];

    private const string Examples = """
        flowpipe demo           replay the samples into an embedded Kafka, consume the topic, print the sessions
        flowpipe demo --hold    the same, and keep the broker up so that other clients can read the topic
        """;

    public static Command Create(CommandContext context)
    {
        var hold = new Option<bool>("--hold") { Description = "Keep the embedded Kafka up until Ctrl-C, and say how to read from it" };
        var command = new FlowPipeCommand(
            "demo",
            "Show the whole way on the sample captures: packets to records, records into Kafka, and back out of the topic.",
            Examples
        )
        {
            hold,
        };
        command.SetAction(
            async (line, _) =>
            {
                using var embedded = new EmbeddedKafka();
                int status = await RunAsync(context, embedded).ConfigureAwait(false);
                if (line.GetValue(hold))
                    await HoldAsync(context, embedded).ConfigureAwait(false);
                return status;
            }
        );
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, EmbeddedKafka embedded)
    {
        CaptureInput[] samples = [.. FindSamples(AppContext.BaseDirectory).Select(static file => new CaptureInput(file))];
        var target = new KafkaTarget("", Topic);
        var settings = new FlowPipeSettings { To = [target.ToString()] };
        context.Status.Line(
            $"replaying {samples.Length} sample captures from {Path.GetDirectoryName(samples[0].Path)} into topic {Topic} of an embedded Kafka at {embedded.BootstrapServers}"
        );

        IReadOnlyList<ISpiSink> sinks = SinkBuilder.Create(settings, context, embedded);
        int status;
        try
        {
            status = await new Replay(context, settings).RunAsync(samples, sinks).ConfigureAwait(false);
        }
        finally
        {
            foreach (ISpiSink sink in sinks)
                await sink.DisposeAsync().ConfigureAwait(false);
        }

        long delivered = sinks[0].Counts.Delivered;
        var consumer = new Consumer(context, RecordPrinter.CreateSortedTable(context));
        using (
            TopicSource topic = await TopicSource
                .OpenAsync(target, settings, reading: null, embedded, context, CancellationToken.None)
                .ConfigureAwait(false)
        )
            await consumer.RunAsync(topic, long.MaxValue, CancellationToken.None).ConfigureAwait(false);

        context.Status.Line(
            $"{Figures.Count(consumer.Printed)} records came back out of topic {Topic}, {Figures.Count(delivered)} had been delivered."
        );
        context.Status.Line(
            "Next: flowpipe replay -r YOUR.pcap      or: flowpipe replay -r YOUR.pcap --to kafka://localhost:9092/" + Topic
        );
        return consumer.Printed == delivered && consumer.Unreadable == 0 ? status : ExitStatus.Failed;
    }

    private static async Task HoldAsync(CommandContext context, EmbeddedKafka embedded)
    {
        using var signals = new StopSignals(context.Status, deadlineSeconds: 0, quiet: true);
        context.Status.Line($"The broker stays up until Ctrl-C. Read the topic with: kcat -C -b {embedded.BootstrapServers} -t {Topic} -e");
        context.Status.Line($"or: flowpipe consume --from kafka://{embedded.BootstrapServers}/{Topic}");
        await Task.Delay(Timeout.Infinite, signals.Stop).ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
    }

    /// <summary>The captures of the folder <c>samples</c> beside the executable, or in the repository that it was built in.</summary>
    internal static IReadOnlyList<string> FindSamples(string start)
    {
        for (string? folder = start; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            string samples = Path.Combine(folder, "samples");
            if (!Directory.Exists(samples))
                continue;
            string[] files = [.. Patterns.SelectMany(pattern => Directory.EnumerateFiles(samples, pattern))];
            Array.Sort(files, StringComparer.Ordinal);
            if (files.Length > 0)
                return files;
        }
        throw new FlowPipeException(
            $"there are no sample captures: no folder samples with captures beside {start} or above it; 'flowpipe replay -r FILE' reads your own"
        );
    }
}
