using System.CommandLine;
using System.Globalization;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.Spooling;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Sinks;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe spool ls|verify|drain</c>: what lies on the disk because Kafka could not take it.</summary>
internal static class SpoolCommand
{
    private const string Examples = """
        flowpipe spool ls --spool /var/spool/flowpipe              what is there, sink by sink
        flowpipe spool verify --spool /var/spool/flowpipe          is all of it whole?
        flowpipe spool drain --spool /var/spool/flowpipe           send it to where it was to go
        flowpipe spool drain -c flowpipe.yaml                      with spool.dir, passwords and certificates from the configuration
        """;

    public static Command Create(CommandContext context) =>
        new FlowPipeCommand("spool", "Show, check or send the records that lie on the disk because Kafka could not take them.", Examples)
        {
            CreateOne(context, "ls", "List what is in the spools.", (settings, _) => List(context, settings)),
            CreateOne(context, "verify", "Read all of it and check every checksum.", (settings, _) => Verify(context, settings)),
            CreateOne(
                context,
                "drain",
                "Send what is in the spools to the topics that it was meant for, and wait until it is acknowledged.",
                (settings, stop) => DrainAsync(context, settings, stop)
            ),
        };

    private static FlowPipeCommand CreateOne(
        CommandContext context,
        string name,
        string description,
        Func<FlowPipeSettings, CancellationToken, Task<int>> act
    )
    {
        var command = new FlowPipeCommand(name, description, Examples);
        var options = new ConfigOptions(command, only: "--spool");
        command.SetAction(
            (line, stop) =>
            {
                FlowPipeSettings settings = options.Load(line, context).Settings;
                return settings.Spool.Dir.Length == 0
                    ? throw new WrongUsageException("which spool? give --spool DIR, or set spool.dir")
                    : act(settings, stop);
            }
        );
        return command;
    }

    private static Task<int> List(CommandContext context, FlowPipeSettings settings)
    {
        var table = new TextTable([
            new TextColumn("SINK"),
            new TextColumn("RECORDS", IsNumber: true),
            new TextColumn("BYTES", IsNumber: true),
            new TextColumn("FILES", IsNumber: true),
            new TextColumn("SINCE"),
            new TextColumn("STATE"),
            new TextColumn("FOLDER"),
        ]);
        foreach (SpoolReport spool in SpoolReport.AllIn(settings.Spool.Dir))
            table.Add([
                spool.Sink,
                Figures.Count(spool.Records),
                Figures.Bytes(spool.Bytes),
                Figures.Count(spool.Segments),
                spool.Oldest?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-",
                StateOf(spool),
                Path.GetFileName(spool.Folder),
            ]);
        table.Write(context);
        return Task.FromResult(ExitStatus.Done);
    }

    private static string StateOf(SpoolReport spool) =>
        spool.IsInUse ? "in use"
        : IsDamaged(spool) ? "damaged"
        : spool.Entries == 0 ? "empty"
        : "waits";

    // A write that was not finished costs nothing: nobody was told that it was.
    private static bool IsDamaged(SpoolReport spool) => spool.DamagedBytes > 0 || spool.Missing > 0;

    private static Task<int> Verify(CommandContext context, FlowPipeSettings settings)
    {
        bool allWhole = true;
        foreach (SpoolReport spool in SpoolReport.AllIn(settings.Spool.Dir))
        {
            allWhole &= !IsDamaged(spool);
            string verdict = IsDamaged(spool)
                ? $"DAMAGED: {Figures.Count(spool.DamagedBytes)} bytes can't be read, {Figures.Count(spool.Missing)} messages are missing"
                : "whole";
            string tail =
                spool.TailBytes > 0 && !spool.IsInUse ? $"; {spool.TailBytes} bytes of an unfinished write at the end will be cut off" : "";
            context.Out.Write($"{spool.Folder}: {Figures.Count(spool.Records)} records for {spool.Sink}: {verdict}{tail}\n");
        }
        context.Flush();
        return Task.FromResult(allWhole ? ExitStatus.Done : ExitStatus.Failed);
    }

    private static async Task<int> DrainAsync(CommandContext context, FlowPipeSettings settings, CancellationToken stop)
    {
        using var signals = new StopSignals(context.Status, deadlineSeconds: 0);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, signals.Stop);
        bool all = true;
        foreach (SpoolReport spool in SpoolReport.AllIn(settings.Spool.Dir))
        {
            if (spool.IsInUse)
            {
                context.Status.Message($"{spool.Folder}: another flowpipe has it, and drains it itself");
                all = false;
            }
            else if (spool.Entries > 0)
            {
                all &= await DrainAsync(context, settings, spool, either.Token).ConfigureAwait(false);
            }
        }
        return all ? ExitStatus.Done : ExitStatus.Failed;
    }

    private static async Task<bool> DrainAsync(CommandContext context, FlowPipeSettings settings, SpoolReport spool, CancellationToken stop)
    {
        settings = settings with
        {
            To = [spool.Sink],
            Spool = settings.Spool with { Use = SpoolUse.Always },
            Stats = settings.Stats with { File = "" },
        };
        await using ISpiSink sink = SinkBuilder.Create(settings, context)[0];
        if (sink is not KafkaSink kafka || kafka.SpoolFolder(settings.Spool.Dir) != spool.Folder)
            throw new FlowPipeException(
                $"spool {spool.Folder}: its file 'sink' names {spool.Sink}, whose spool would have another name; give it its own back"
            );
        try
        {
            await sink.OpenAsync(stop).ConfigureAwait(false);
            await sink.FlushAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What was not sent is still there.
        }
        SinkCounts counts = sink.Counts;
        long left = Math.Max(0, spool.Records - counts.EarlierDelivered - counts.EarlierDeadLettered - counts.EarlierLost);
        context.Out.Write(
            $"{spool.Sink}: {Figures.Count(counts.EarlierDelivered)} records delivered, {Figures.Count(counts.EarlierDeadLettered)} became dead letters, "
                + $"{Figures.Count(counts.EarlierLost)} lost, {Figures.Count(left)} left\n"
        );
        context.Flush();
        return counts.EarlierDelivered == spool.Records;
    }
}
