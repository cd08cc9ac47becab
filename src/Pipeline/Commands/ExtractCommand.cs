using System.CommandLine;
using FlowPipe.Core.Consuming;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Pipeline.Consuming.Filtering;
using FlowPipe.Pipeline.Extracting;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe extract</c>: from records back to their packets.</summary>
internal static class ExtractCommand
{
    private const string Examples = """
        flowpipe extract sessions.avro --id 02e16e4c-a779-6d0c-4aa0-deef85aa8a9a -w one.pcap
        flowpipe extract sessions.avro --where 'dns.host == example.com' | tcpdump -nr -
        flowpipe extract kafka://localhost:9092/flowpipe.spi.v1 --partition 3 --offset 1207 -w one.pcap
        flowpipe replay -r my.pcap --to ndjson:- | grep 10.1.2.3 | flowpipe extract - -w host.pcap
        flowpipe extract sessions.avro --root /mnt/captures --format pcapng -w all.pcapng
        """;

    public static Command Create(CommandContext context)
    {
        var from = new Argument<string[]>("RECORDS")
        {
            Description =
                "Where the records are: an Avro container, JSON lines (sessions3, or as 'consume --format json' prints them), - for stdin, or a topic as kafka://BROKERS/TOPIC",
            Arity = ArgumentArity.OneOrMore,
        };
        var write = new Option<string>("-w", "--write") { Description = "The capture to write [default: stdout]", HelpName = "FILE" };
        var format = new Option<string>("--format")
        {
            Description = "pcap, with stamps in nanoseconds; pcapng, which also takes packets of different link types [default: pcap]",
            HelpName = "pcap|pcapng",
        };
        format.AcceptOnlyFromAmong("pcap", "pcapng");
        var ids = new Option<string[]>("--id") { Description = "Only the record with this id; may be repeated", HelpName = "UUID" };
        var where = new Option<string>("--where")
        {
            Description = "Only records for which this holds, as in 'flowpipe consume'",
            HelpName = "EXPR",
        };
        var count = new CountOption("The packets of so many records at most");
        var root = new Option<string>("--root")
        {
            Description = "The captures lie in this folder now, under their whole path or the end of it",
            HelpName = "DIR",
        };
        var topic = new TopicOptions(group: false);
        var command = new FlowPipeCommand(
            "extract",
            "Get the packets of records from the captures that they were made of, in order of time. Exit status 0: all of them; 1: some can't be had.",
            Examples
        )
        {
            from,
            write,
            format,
            ids,
            where,
            count,
            root,
        };
        topic.AddTo(command);
        var options = new ConfigOptions(command, only: "--registry");
        command.SetAction(
            async (line, _) =>
            {
                EffectiveConfig config = options.Load(line, context);
                string[] sources = line.GetRequiredValue(from);
                if (topic.Given(line) is { } given && Array.Exists(sources, static source => !RecordTopic.IsTopic(source)))
                    throw new WrongUsageException($"{given} works with topics only");
                if (line.GetValue(root) is { } folder && !Directory.Exists(folder))
                    throw new WrongUsageException($"--root {folder}: there is no such directory (or no right to see it)");
                TopicReading reading = topic.Reading(line, follow: false);
                HashSet<Guid> wanted = [.. (line.GetValue(ids) ?? []).Select(IdOf)];
                RecordFilter? filter = line.GetValue(where) is { } text ? WrongUsageException.From(() => RecordFilter.Parse(text)) : null;
                long limit = count.Of(line);
                string? file = line.GetValue(write) is "-" ? null : line.GetValue(write);
                if (file is null && context.OutIsTerminal)
                    throw new WrongUsageException(
                        "a capture on a terminal helps nobody: name a file with -w, or pipe it into tcpdump -r -"
                    );

                using var signals = new StopSignals(context.Status, config.Settings.DrainDeadline, quiet: true);
                using var store = new PacketStore();
                using var extraction = new Extraction(new SourceFiles(line.GetValue(root)), store, context.Status);
                try
                {
                    foreach (string source in sources)
                    {
                        using RecordSource records = RecordTopic.IsTopic(source)
                            ? await TopicOptions.OpenAsync(source, config.Settings, reading, context, signals.Stop).ConfigureAwait(false)
                            : FileSource.Open(source);
                        extraction.Gather(records, wanted, filter, limit, signals.Stop);
                    }
                    await extraction.ReadAsync(signals.Stop).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
                {
                    context.Status.Message("stopped; nothing was written");
                    return ExitStatus.Failed;
                }
                CaptureOutput.Write(store, file, line.GetValue(format) ?? "pcap");
                return Summarise(extraction, store, wanted.Count, context.Status);
            }
        );
        return command;
    }

    private static int Summarise(Extraction extraction, PacketStore store, int ids, StatusWriter status)
    {
        if (extraction.WithoutPositions > 0)
            status.Message(
                $"{Figures.Count(extraction.WithoutPositions)} records do not say where their packets are: positions were left out when they were made (--positions none, fields.exclude)"
            );
        if (extraction.Records == 0)
            status.Message(ids > 0 ? "there is no record with such an id" : "there are no such records");
        status.Line($"{Figures.Count(store.Count)} packets of {Figures.Count(extraction.Records)} records");
        return extraction.Missing + extraction.WithoutPositions + extraction.Unreadable == 0 && extraction.Records > 0
            ? ExitStatus.Done
            : ExitStatus.Failed;
    }

    private static Guid IdOf(string text) =>
        Guid.TryParse(text, out Guid id)
            ? id
            : throw new WrongUsageException($"--id {text} is no UUID, as 02e16e4c-a779-6d0c-4aa0-deef85aa8a9a");
}
