using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Stats;

namespace FlowPipe.Pipeline;

/// <summary>What a run is made of.</summary>
public sealed record PipelineOptions
{
    public required SessionSettings Sessions { get; init; }
    public required RecordSettings Records { get; init; }
    public required FileReaderSettings Reading { get; init; }
    public required int Partitions { get; init; }
    public required IReadOnlyList<ISpiSink> Sinks { get; init; }
    public required Action<string> Warn { get; init; }
}

/// <summary>How it ended.</summary>
public sealed record RunResult(RunSnapshot Final, bool Ok);

/// <summary>One run of the pipeline, from the reader to the sinks.</summary>
public sealed class PipelineRun(PipelineOptions options)
{
    public Task<RunResult> RunAsync(CancellationToken stop, CancellationToken abort) =>
        throw new FlowPipeException($"the pipeline is not part of this build ({options.Partitions} partitions)");

    public RunSnapshot Snapshot() => new() { Sinks = [.. options.Sinks.Select(sink => new SinkFigures { Name = sink.Name })] };
}
