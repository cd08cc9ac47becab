using FlowPipe.Abstractions;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Enqueue.Drops;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Stats;
using FlowPipe.Core.Writing;

namespace FlowPipe.Pipeline;

/// <summary>What a run is made of.</summary>
public sealed record PipelineOptions
{
    public required SessionSettings Sessions { get; init; }
    public required RecordSettings Records { get; init; }
    public required FileReaderSettings Reading { get; init; }

    /// <summary>Reads interfaces, which were opened before, instead of files; disposed by its caller.</summary>
    public IPacketReader? LiveReader { get; init; }

    /// <summary>Where packets are kept.</summary>
    public WriterSettings Writer { get; init; } = new();

    /// <summary>Is told of the files that packets are written to; null when nobody wants to know.</summary>
    public IPcapFileEvents? Files { get; init; }

    /// <summary>Which packets are dropped.</summary>
    public PacketSettings Packets { get; init; } = new();

    /// <summary>The drop lists, for who replaces them while it runs; null for those of <see cref="Packets"/>.</summary>
    public Snapshot<DropLists>? DropLists { get; init; }
    public required int Partitions { get; init; }

    /// <summary>How often a sink that commits does so.</summary>
    public CommitSettings Commits { get; init; } = new();

    /// <summary>At least one; opened and flushed by the run, disposed by its caller.</summary>
    public required IReadOnlyList<ISpiSink> Sinks { get; init; }

    /// <summary>Takes the records' digests once the sinks have them; null when nobody wants any.</summary>
    public ISpiSink? Digests { get; init; }
    public required Action<string> Warn { get; init; }

    /// <summary>Parsers and plugins, in the order in which they register.</summary>
    public required IReadOnlyList<IFlowPipePlugin> Plugins { get; init; }
}

/// <summary>How it ended.</summary>
/// <param name="Final">The figures at the end.</param>
/// <param name="Ok">Everything was read, delivered and accounted for.</param>
public sealed record RunResult(RunSnapshot Final, bool Ok)
{
    /// <summary>What was read of each input; empty unless inputs are hashed.</summary>
    public IReadOnlyList<SourceSummary> Sources { get; init; } = [];
}
