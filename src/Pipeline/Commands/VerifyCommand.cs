using System.CommandLine;
using System.Text.Json;
using FlowPipe.Core;
using FlowPipe.Core.Digests;
using FlowPipe.Core.Emitting;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Manifests;
using FlowPipe.Pipeline.Terminal;
using FlowPipe.Pipeline.Verifying;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe verify</c>: whether a topic or file holds a run's records, all of them, as they were made, and each once.</summary>
internal static class VerifyCommand
{
    private const int ShownByDefault = 100;

    private const string Examples = """
        flowpipe replay -r my.pcap --to avro:sessions.avro --manifest run.json
        flowpipe verify --manifest run.json --from sessions.avro           proves the file whole, or says where it is not
        flowpipe replay -r my.pcap --to ndjson:sessions.json --manifest run.json --manifest-ids run.ids
        flowpipe verify --manifest run.json --from sessions.json --ids run.ids      names each record that is missing
        flowpipe verify --manifest run.json --from kafka://localhost:9092/flowpipe.spi.v1 --against sessions.avro
        flowpipe verify --manifest run.json --from kafka://localhost:9092/flowpipe.spi.v1 --registry http://localhost:8081
        """;

    public static Command Create(CommandContext context)
    {
        var manifest = new Option<string>("--manifest")
        {
            Description = "The run's manifest, as replay --manifest wrote it",
            HelpName = "FILE",
            Required = true,
        };
        var from = new Option<string>("--from")
        {
            Description = "What is verified: a topic as kafka://BROKERS/TOPIC, an Avro container or JSON lines",
            HelpName = "SOURCE",
            Required = true,
        };
        var ids = new Option<string?>("--ids")
        {
            Description = "The list that replay --manifest-ids wrote: what is missing or changed is then named by id",
            HelpName = "FILE",
        };
        var against = new Option<string?>("--against")
        {
            Description = "Instead of the list: another output of the run, or of its repetition, in the same form",
            HelpName = "SOURCE",
        };
        var whole = new Option<bool>("--whole")
        {
            Description = "Read the whole topic, not only the part of it that the manifest says the run has written",
        };
        var count = new CountOption($"List so many findings at most [default: {ShownByDefault}]", ShownByDefault);
        var command = new FlowPipeCommand(
            "verify",
            "Prove by a run's manifest that a topic or file holds its records: all of them, unaltered, each once. Exit status 0: it does; 1: it does not; 2: trouble.",
            Examples
        )
        {
            manifest,
            from,
            ids,
            against,
            whole,
            count,
        };
        var options = new ConfigOptions(command, only: "--registry");
        command.SetAction(
            (line, _) =>
                Task.Run(() =>
                {
                    if (line.GetValue(ids) is not null && line.GetValue(against) is not null)
                        throw new WrongUsageException("--ids and --against are two ways to the same: give one");
                    FlowPipeSettings settings = options.Load(line, context).Settings;
                    using var signals = new StopSignals(context.Status, deadlineSeconds: 0, quiet: true);
                    long limit = count.Of(line);
                    return Comparison.Run(
                        () =>
                        {
                            RunManifest run = Read(line.GetRequiredValue(manifest));
                            RawSource Open(string name) =>
                                RawSources.Open(
                                    name,
                                    settings,
                                    context.Status.Message,
                                    topic => line.GetValue(whole) ? null : PartOf(run, topic)
                                );
                            Func<RecordEncoding, IReference>? reference =
                                line.GetValue(ids) is { } list ? encoding => new IdsReference(list, encoding)
                                : line.GetValue(against) is { } other ? encoding => new OutputReference(Open(other), encoding)
                                : null;
                            return Verify(context, run, Open(line.GetRequiredValue(from)), reference, limit, signals.Stop);
                        },
                        context.Status,
                        signals.Stop
                    );
                })
        );
        return command;
    }

    private static int Verify(
        CommandContext context,
        RunManifest run,
        RawSource source,
        Func<RecordEncoding, IReference>? reference,
        long limit,
        CancellationToken stop
    )
    {
        var findings = new Findings(finding => context.Out.Write(Format(finding)), limit);
        using var verifier = new Verifier(run, source, findings);
        verifier.Run(reference, stop);
        context.Flush();
        if (!run.Ok)
            context.Status.Message("the run itself was not a success: its manifest says what it made, not what it should have made");
        if (run.Commits is { Left: > 0 } commits)
            context.Status.Message(
                $"the run was stopped before its last commit: {Figures.Count(commits.Left)} of its records are left to the next run, whose manifest will be of all"
            );
        if (run.Forced.Any)
            context.Status.Message("the run was stopped early, or limits ended sessions: a repetition of it may make other records");
        string counts = $"{Figures.Count(verifier.Expected)} records in the manifest, {Figures.Count(verifier.Found)} found";
        if (!findings.Any)
        {
            context.Status.Line($"{source.Name}: complete, unaltered and free of duplicates: {counts}");
            return ExitStatus.Done;
        }
        if (findings.Hidden > 0)
            context.Status.Line($"{Figures.Count(findings.Hidden)} findings more are not listed; -n lists more");
        if (reference is null && findings.Of(FindingKind.Missing) + findings.Of(FindingKind.Changed) > 0)
            context.Status.Line("which records are missing or changed is known by id only with --ids or --against");
        context.Status.Line($"{source.Name}: NOT as the run made it: {counts}{Totals(findings)}");
        return ExitStatus.Failed;
    }

    private static string Totals(Findings findings)
    {
        string totals = "";
        foreach (FindingKind kind in Enum.GetValues<FindingKind>())
            if (findings.Of(kind) > 0)
                totals += $", {Figures.Count(findings.Of(kind))} {kind.ToString().ToLowerInvariant()}";
        return totals;
    }

    private static string Format(Finding finding) =>
        $"{finding.Kind.ToString().ToLowerInvariant(), -10} {finding.Id?.ToString() ?? "-"}{(finding.Detail.Length > 0 ? "  " : "")}{finding.Detail}\n";

    /// <summary>The run's part of a topic; null when the manifest does not say.</summary>
    private static IReadOnlyList<OffsetRange>? PartOf(RunManifest run, string topic)
    {
        foreach (ManifestTopic known in run.Topics)
            if (known.Topic == topic && known.Partitions.Count > 0)
                return known.Partitions;
        return null;
    }

    private static RunManifest Read(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            if (stream.Length == 0)
                throw new FlowPipeException($"--manifest {file}: it is empty: the run did not come to its end");
            RunManifest? manifest = JsonSerializer.Deserialize(stream, ManifestJson.Default.RunManifest);
            return manifest?.Format == RunManifest.CurrentFormat
                ? manifest
                : throw new FlowPipeException(
                    $"--manifest {file}: it is no manifest of format {RunManifest.CurrentFormat}, which this build reads"
                );
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FlowPipeException($"--manifest {file}: it can't be read: {e.Message}", e);
        }
    }
}

/// <summary>Commands that compare: 0 for equal, 1 for different, 2 for trouble, as diff and grep have it.</summary>
internal static class Comparison
{
    public static int Run(Func<int> compare, StatusWriter status, CancellationToken stop)
    {
        try
        {
            return compare();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            status.Message("interrupted: nothing is known");
            return ExitStatus.WrongUsage;
        }
        catch (FlowPipeException e)
        {
            status.Message(e.Message);
            return ExitStatus.WrongUsage;
        }
    }
}
