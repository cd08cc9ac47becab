using FlowPipe.Abstractions;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Enqueue.Drops;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Stats;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Files;
using FlowPipe.Pipeline.Manifests;
using FlowPipe.Pipeline.Metrics;
using FlowPipe.Pipeline.Plugins;
using FlowPipe.Pipeline.Sinks;
using FlowPipe.Pipeline.Terminal;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Commands;

/// <summary>One run of the pipeline as a user sees it: signals, progress, the ledger, the file of figures, the exit status.</summary>
/// <param name="context">Where it writes.</param>
/// <param name="settings">The settings in force.</param>
/// <param name="reload">Reads the settings again, for SIGHUP; null where they can't be.</param>
internal sealed class Replay(CommandContext context, FlowPipeSettings settings, Func<FlowPipeSettings>? reload = null)
{
    private readonly KafkaStatistics _statistics = new();

    /// <summary>What is listened to, instead of files.</summary>
    public IPacketReader? LiveReader { get; init; }

    /// <summary>Plugins that were made before privileges were given up; null where there is nothing to give up.</summary>
    public IReadOnlyList<IFlowPipePlugin>? RootPlugins { get; init; }

    /// <summary>Runs with the sinks that the settings name.</summary>
    public async Task<int> RunAsync(IReadOnlyList<CaptureInput> inputs)
    {
        IReadOnlyList<ISpiSink> sinks;
        try
        {
            sinks = SinkBuilder.Create(
                settings,
                context,
                isLive: LiveReader is not null,
                onStatistics: settings.MetricsListen.Length == 0 ? null : _statistics.Take
            );
            if (settings.ExactlyOnce.Enabled)
                sinks = ExactlyOnce.Wrap(settings, inputs, Partitions, sinks, settings.Fields.CreatePolicy(context.Environment)?.KeyCheck);
        }
        catch (FlowPipeException e)
        {
            throw new WrongUsageException(e.Message);
        }
        try
        {
            return await RunAsync(inputs, sinks).ConfigureAwait(false);
        }
        finally
        {
            foreach (ISpiSink sink in sinks)
                await sink.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Runs with sinks that the caller disposes.</summary>
    public async Task<int> RunAsync(IReadOnlyList<CaptureInput> inputs, IReadOnlyList<ISpiSink> sinks)
    {
        FlowPipeSettings decided = PacketKeeping.Decide(settings, isLive: LiveReader is not null, context.Status.Message);
        FieldPolicy? fields = settings.Fields.CreatePolicy(context.Environment);
        if (fields is { LeftOut: { Count: > 0 } leftOut })
            context.Status.Message($"fields.hash: only texts and addresses can be hashed; of its groups this is left out: {Some(leftOut)}");
        using StatsFile? statsFile = settings.Stats.File.Length == 0 ? null : StatsFile.Open(settings.Stats.File, context);
        Snapshot<DropLists> lists = ReadLists();
        using ReloadSignal? reloading = reload is null ? null : new ReloadSignal(lists, reload, context.Status);
        using var signals = new StopSignals(context.Status, settings.DrainDeadline);
        await using FilesTopic? files = await FilesTopic
            .OpenAsync(decided, HasSpool, context.Status.Message, signals.Stop)
            .ConfigureAwait(false);
        await using ManifestWriter? manifest = await OpenManifestAsync(sinks, signals.Stop).ConfigureAwait(false);
        var run = new PipelineRun(
            new PipelineOptions
            {
                Sessions = settings.Sessions,
                Records = decided.Records with { Fields = fields },
                Writer = decided.Writer,
                Files = files,
                Reading = settings.Reading with
                {
                    Inputs = inputs,
                    HashSources = manifest is not null,
                    Warn = context.Status.Message,
                    OnDamage = context.Status.Message,
                },
                LiveReader = LiveReader,
                Packets = settings.Packets,
                DropLists = lists,
                Partitions = Partitions,
                Commits = settings.ExactlyOnce.Commits,
                Sinks = sinks,
                Digests = manifest?.Digests,
                Warn = context.Status.Message,
                Plugins =
                [
                    .. RootPlugins ?? PluginLoader.LoadRoot(settings.Plugins, context.Status.Message),
                    .. PluginLoader.LoadOthers(settings.Plugins, context.Status.Message),
                ],
            }
        );
        using MetricsServer? metrics =
            settings.MetricsListen.Length == 0 ? null : MetricsServer.Start(settings.MetricsListen, run.Snapshot, _statistics);
        await using StatsTopic? figures =
            settings.Stats.Topic.Length == 0
                ? null
                : await StatsTopic.OpenAsync(settings, HasSpool, context.Status.Message, signals.Stop).ConfigureAwait(false);
        figures?.Start(run, TimeSpan.FromSeconds(settings.Stats.Interval));
        RunResult result;
        await using (settings.Stats.Quiet ? null : new Progress(run, context, TimeSpan.FromSeconds(settings.Stats.Interval)))
            result = await run.RunAsync(signals.Stop, signals.Abort).ConfigureAwait(false);
        context.Flush();
        if (!settings.Stats.Quiet)
            LedgerTable.Write(context.Status, result.Final);
        if (Forced(result.Final.Sessions) is { } forced)
            context.Status.Message(forced);
        // A capture repeats nothing anyhow.
        if (decided.Writer.Copies && LiveReader is null && manifest is not null)
            context.Status.Message(
                "the records name the files that this run has written, so their positions, and with them the manifest's digests, are not those of another run"
            );
        if (Unkept(result.Final.Writer) is { } unkept)
            context.Status.Message(unkept);
        foreach (string fault in Faults(result.Final, signals.Abort.IsCancellationRequested))
            context.Status.Message(fault);
        statsFile?.Write(result.Final);
        if (figures is not null)
            await figures.EndAsync(result.Final, context.Status.Message, signals.Abort).ConfigureAwait(false);
        if (files is not null)
            await files.EndAsync(context.Status.Message, signals.Abort).ConfigureAwait(false);
        bool told =
            manifest is null
            || await manifest
                .WriteAsync(result, signals.Stop.IsCancellationRequested, context.Status.Message, signals.Abort)
                .ConfigureAwait(false);
        return result.Ok && told ? ExitStatus.Done : ExitStatus.Failed;
    }

    private async Task<ManifestWriter?> OpenManifestAsync(IReadOnlyList<ISpiSink> sinks, CancellationToken stop)
    {
        if (settings.Manifest.File.Length > 0)
            return await ManifestWriter.OpenAsync(settings, sinks, HasSpool, context.Status.Message, stop).ConfigureAwait(false);
        return settings.Manifest.Ids.Length == 0
            ? null
            : throw new WrongUsageException("--manifest-ids lists the records of a manifest: give --manifest FILE too");
    }

    private bool HasSpool => SinkBuilder.UsesSpool(settings, LiveReader is not null);

    private int Partitions => settings.Partitions == 0 ? Environment.ProcessorCount : settings.Partitions;

    private static string Some(IReadOnlyList<string> names)
    {
        const int Shown = 5;
        return string.Join(", ", names.Take(Shown)) + (names.Count > Shown ? ", …" : "");
    }

    private Snapshot<DropLists> ReadLists()
    {
        try
        {
            return new Snapshot<DropLists>(DropListReader.Read(settings.Packets));
        }
        catch (FlowPipeException e)
        {
            throw new WrongUsageException(e.Message);
        }
    }

    /// <summary>What limits have done to sessions; null when nothing. Records of such a run depend on the number of partitions.</summary>
    internal static string? Forced(SessionFigures sessions) =>
        sessions.Emergencies == 0
            ? null
            : $"sessions.maxStreams or flow.memcap was reached: {Figures.Count(sessions.Evicted)} sessions were evicted (end reason forced) and "
                + $"{Figures.Count(sessions.EndedEarly)} ended by the timeouts of emergency mode, so the records depend on --partitions";

    /// <summary>What a disk has not taken; null when it has taken all.</summary>
    internal static string? Unkept(WriterFigures? writer) =>
        writer is { Unsaved: var unsaved, Lost: var lost } && unsaved + lost > 0
            ? $"{Figures.Count(unsaved + lost)} packets of sessions are in no file, as the disk was behind or refused them; their records are tagged pcap-disk-overload or pcap-disk-error"
            : null;

    /// <summary>Why a run that came to its end is not a success.</summary>
    internal static IEnumerable<string> Faults(RunSnapshot final, bool aborted)
    {
        if (aborted)
            yield return "aborted before everything was delivered";
        if (final.Reader.Damaged > 0)
            yield return $"{final.Reader.Damaged} of {final.Reader.Sources} inputs could not be read to their end";
        foreach (SinkFigures sink in final.Sinks)
        {
            if (PipelineRun.Undelivered(sink) - sink.Spooled is > 0 and long undelivered)
                yield return $"{sink.Name}: {undelivered} of {sink.Accepted} records were not delivered";
            if (sink.Spooled > 0)
                yield return $"{sink.Name}: {sink.Spooled} records are left in the spool: the next run with it sends them, or 'flowpipe spool drain'";
            if (sink.Earlier is { Delivered: var sent, DeadLettered: var dead, Lost: var lost } && sent + dead + lost > 0)
                yield return $"{sink.Name}: of what earlier runs had left in the spool, {sent} records were delivered, {dead} became dead letters and {lost} were lost";
        }
        if (!final.Ledger.Balanced)
            yield return $"the ledger does not balance: {final.Ledger.Imbalance}";
    }
}
