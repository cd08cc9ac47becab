using FlowPipe.Abstractions;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Stats;
using FlowPipe.Core.Writing;
using FlowPipe.Pipeline;
using FlowPipe.Pipeline.Plugins;

namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>
/// The whole pipeline in this process, from the reader to the sinks, as <see cref="PipelineRun"/> builds it; but the parsers are loaded once, not
/// for each of the thousands of runs that the tests make.
/// </summary>
internal sealed record InProcessRun
{
    private static readonly Lazy<List<IFlowPipePlugin>> Plugins = new(() => PluginLoader.Load(new PluginSettings(), static _ => { }));

    public required FileReaderSettings Reading { get; init; }

    public int Partitions { get; init; } = 1;

    public SessionSettings Sessions { get; init; } = new();

    public RecordSettings Records { get; init; } = new();

    /// <summary>Where packets are kept.</summary>
    public WriterSettings Writer { get; init; } = new();

    /// <summary>Runs to the end of the inputs. Fails where the ledger does not balance: DESIGN law 5 holds for every capture there is.</summary>
    public async Task<RunSnapshot> IntoAsync(params ISpiSink[] sinks)
    {
        using var reader = new FilePacketReader(Reading);
        using WriteBlock? writer = Writer.Copies ? new WriteBlock(Writer, Partitions, events: null, CancellationToken.None) : null;
        var emit = new EmitBlock(sinks, gate: writer is null ? null : new WrittenGate(writer.Marks, fields: null));
        await emit.OpenAsync(CancellationToken.None);
        SessionSettings sessions = Sessions with { StopOnParserFault = true };
        var stage = new SessionStage(Plugins.Value, sessions, Records, new RecordForms(emit.WantsAvro, emit.WantsJson), Partitions)
        {
            Writer = writer,
        };
        using var topology = new Topology(reader, stage, emit, new StatsBlock());
        await topology.RunAsync(CancellationToken.None);
        if (writer is not null)
            await writer.CloseAsync();
        await emit.FlushAsync(CancellationToken.None);
        RunSnapshot final = new RunFigures(reader, topology, sinks).Snapshot("done", 0);
        Assert.True(final.Ledger.Balanced, final.Ledger.Imbalance);
        return final;
    }

    /// <summary>The records in Avro.</summary>
    public async Task<RecordSet> AvroAsync()
    {
        await using var sink = new CollectingSink(avro: true, json: false);
        await IntoAsync(sink);
        return new RecordSet(sink.Avro);
    }
}
