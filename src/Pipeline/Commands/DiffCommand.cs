using System.CommandLine;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Diffing;
using FlowPipe.Pipeline.Terminal;
using FlowPipe.Pipeline.Verifying;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe diff</c>: how the outputs of two runs differ, record by record.</summary>
internal static class DiffCommand
{
    private const string Examples = """
        flowpipe diff before.avro after.avro                         what did the upgrade change?
        flowpipe diff before.avro after.avro --ignore packet_pos     other than positions
        flowpipe diff 'kafka://localhost:9092/flowpipe.spi.v1?registry=http://localhost:8081' after.avro
        flowpipe diff sessions.json kafka://localhost:9092/flowpipe.spi.v1 --format json -n 1000
        """;

    public static Command Create(CommandContext context)
    {
        var a = new Argument<string>("A") { Description = "An Avro container, JSON lines, or a topic as kafka://BROKERS/TOPIC" };
        var b = new Argument<string>("B") { Description = "The other" };
        var format = new Option<string>("--format")
        {
            Description = "text: -, + and ~ for records that are only in A, only in B and changed; json: one object a line [default: text]",
            HelpName = "text|json",
        };
        format.AcceptOnlyFromAmong("text", "json");
        var ignore = new Option<string[]>("--ignore")
        {
            Description = "A field that may differ, with all that is in it; may be repeated",
            HelpName = "FIELD",
        };
        var count = new CountOption("Show so many differences at most [default: all]");
        var command = new FlowPipeCommand(
            "diff",
            "Compare the records of two runs by their ids: those that only one has, and the fields that differ. Exit status 0: equal; 1: different; 2: trouble.",
            Examples
        )
        {
            a,
            b,
            format,
            ignore,
            count,
        };
        var options = new ConfigOptions(command, only: "--registry");
        command.SetAction(
            (line, _) =>
                Task.Run(() =>
                {
                    FlowPipeSettings settings = options.Load(line, context).Settings;
                    using var signals = new StopSignals(context.Status, deadlineSeconds: 0, quiet: true);
                    long limit = count.Of(line);
                    var printer = new DifferencePrinter(context, line.GetValue(format) == "json", limit);
                    return Comparison.Run(
                        () =>
                        {
                            using var diff = new RecordDiff(
                                RawSources.Open(line.GetRequiredValue(a), settings, context.Status.Message),
                                RawSources.Open(line.GetRequiredValue(b), settings, context.Status.Message),
                                line.GetValue(ignore) ?? [],
                                printer.Show
                            );
                            diff.Run(signals.Stop);
                            context.Flush();
                            Summarise(context.Status, diff, printer);
                            return diff.Any ? ExitStatus.Failed : ExitStatus.Done;
                        },
                        context.Status,
                        signals.Stop
                    );
                })
        );
        return command;
    }

    private static void Summarise(StatusWriter status, RecordDiff diff, DifferencePrinter printer)
    {
        if (printer.Hidden > 0)
            status.Line($"{Figures.Count(printer.Hidden)} differences more are not shown; -n shows more");
        if (printer.Fields() is { } fields)
            status.Line(fields);
        string records = $"{Figures.Count(diff.RecordsOfA)} records in A, {Figures.Count(diff.RecordsOfB)} in B";
        status.Line(
            diff.Any
                ? $"{records}: {Figures.Count(diff.OnlyInA)} only in A, {Figures.Count(diff.OnlyInB)} only in B, {Figures.Count(diff.Changed)} changed"
                : $"{records}: equal"
        );
    }
}
