using System.Diagnostics;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Enqueue.Drops;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Stats;
using FlowPipe.Core.Writing;

namespace FlowPipe.Pipeline;

/// <summary>One run of the pipeline, from the reader to the sinks.</summary>
public sealed class PipelineRun(PipelineOptions options)
{
    private const int LiveEmitCapacity = 512;
    private readonly Stopwatch _time = new();
    private volatile RunFigures? _figures;
    private volatile string _state = "starting";

    /// <summary>Runs to the end of the inputs.</summary>
    /// <param name="stop">Read no more, save what is open, deliver it.</param>
    /// <param name="abort">Give up at once; what was not delivered is said.</param>
    /// <exception cref="Core.FlowPipeException">Something that the user can mend.</exception>
    public async Task<RunResult> RunAsync(CancellationToken stop, CancellationToken abort)
    {
        _time.Start();
        using FilePacketReader? files = options.LiveReader is null ? new FilePacketReader(options.Reading) : null;
        IPacketReader reader = options.LiveReader ?? files!;
        using WriteBlock? writer = options.Writer.Copies ? new WriteBlock(options.Writer, options.Partitions, options.Files, abort) : null;
        var emit = new EmitBlock(
            options.Digests is { } digests ? [.. options.Sinks, digests] : options.Sinks,
            // In a capture records may wait here for a slow disk; those who make them must not.
            options.Writer
                is { Copies: true, IsLive: true }
                ? LiveEmitCapacity
                : BlockOptions.MinimumCapacity,
            options.Partitions,
            writer is null ? null : new WrittenGate(writer.Marks, options.Records.Fields)
        );
        try
        {
            // Nothing is read yet, so whoever asks for a stop while brokers or a registry are waited for need not ask twice.
            using var given = CancellationTokenSource.CreateLinkedTokenSource(stop, abort);
            await emit.OpenAsync(given.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (stop.IsCancellationRequested || abort.IsCancellationRequested)
        {
            throw new Core.FlowPipeException("aborted while the sinks were being opened: nothing was read", e);
        }
        var stage = new SessionStage(
            options.Plugins,
            emit.Committing is { } committing ? options.Sessions with { HashSeed = committing.Run.HashSeed } : options.Sessions,
            options.Records,
            new RecordForms(emit.WantsAvro, emit.WantsJson),
            options.Partitions,
            options.Warn
        )
        {
            Packets = options.Packets,
            Commits = options.Commits,
            Live = reader.Live,
            Writer = writer,
            DropLists = options.DropLists ?? new Snapshot<DropLists>(DropListReader.Read(options.Packets)),
        };
        using var topology = new Topology(reader, stage, emit, new StatsBlock());
        _figures = new RunFigures(reader, topology, options.Sinks);
        _state = "reading";
        using CancellationTokenRegistration draining = stop.Register(() => _state = "draining");
        using CancellationTokenRegistration aborting = abort.Register(topology.Abort);
        await using var ticking = new Timer(_ => topology.Stats.Clock.Tick(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        try
        {
            try
            {
                await topology.RunAsync(stop).ConfigureAwait(false);
            }
            finally
            {
                if (writer is not null)
                    await writer.CloseAsync().ConfigureAwait(false);
            }
            _state = "delivering";
            await emit.FlushAsync(abort).ConfigureAwait(false);
            if (options.Sinks.All(static sink => sink.Counts.Open == 0))
                files?.Delivered();
            _state = "done";
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            _state = "failed";
            // A sink with a spool leaves there what it still has.
            await FlushQuietlyAsync(emit, abort).ConfigureAwait(false);
        }
        catch
        {
            // What the sinks had taken before something else failed is still to be delivered.
            _state = "failed";
            await FlushQuietlyAsync(emit, abort).ConfigureAwait(false);
            throw;
        }
        RunSnapshot final = Snapshot();
        return new RunResult(final, _state == "done" && reader.Counts.Damaged == 0 && final.Ledger.Balanced && AllDelivered(final))
        {
            Sources = reader.Summaries,
        };
    }

    /// <summary>The figures now; exact once the run has ended.</summary>
    public RunSnapshot Snapshot() =>
        _figures?.Snapshot(_state, _time.Elapsed.TotalSeconds) ?? new RunSnapshot { State = _state, Seconds = _time.Elapsed.TotalSeconds };

    private async Task FlushQuietlyAsync(EmitBlock emit, CancellationToken abort)
    {
        try
        {
            await emit.FlushAsync(abort).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            options.Warn($"what was already made could not all be delivered: {e.Message}");
        }
    }

    /// <summary>Records that are not where they were to go, whatever else became of them.</summary>
    internal static long Undelivered(SinkFigures sink) =>
        sink.Failed + sink.Open + sink.Spooled + sink.Evicted + sink.DeadLettered.Values.Sum();

    private static bool AllDelivered(RunSnapshot final)
    {
        foreach (SinkFigures sink in final.Sinks)
        {
            if (Undelivered(sink) > 0)
                return false;
        }
        return true;
    }
}
