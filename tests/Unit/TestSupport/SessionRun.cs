using FlowPipe.Abstractions;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Enqueue.Drops;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Stats;
using FlowPipe.Core.Writing;
using FlowPipe.Parsers;
using FlowPipe.Pipeline;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>The real topology over a reader and a sink in memory.</summary>
internal sealed class SessionRun : IDisposable
{
    /// <summary>What ends a test that hangs; nothing is timed by it.</summary>
    public static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _abort = new();
    private readonly Topology _topology;

    public SessionRun(
        IPacketReader reader,
        ISpiSink sink,
        SessionSettings? sessions = null,
        RecordSettings? records = null,
        int partitions = 1,
        IEnumerable<IFlowPipePlugin>? plugins = null,
        int emitCapacity = 16,
        PacketSettings? packets = null,
        Snapshot<DropLists>? dropLists = null,
        Action<string>? warn = null,
        CommitSettings? commits = null,
        WriterSettings? writer = null
    )
    {
        Reader = reader;
        Sink = sink;
        Writer = writer is null ? null : new WriteBlock(writer, partitions, events: null, _abort.Token);
        var emit = new EmitBlock([sink], emitCapacity, partitions, Writer is null ? null : new WrittenGate(Writer.Marks, fields: null));
        var stage = new SessionStage(
            [new IcmpPlugin(), new SctpPlugin(), .. plugins ?? []],
            sessions ?? new SessionSettings { StopOnParserFault = true },
            records ?? new RecordSettings(),
            new RecordForms(sink.WantsAvro, sink.WantsJson),
            partitions,
            warn
        )
        {
            Packets = packets ?? new PacketSettings(),
            Writer = Writer,
            Live = reader.Live,
            Commits = commits ?? new CommitSettings(),
            DropLists = dropLists ?? new Snapshot<DropLists>(DropListReader.Read(packets ?? new PacketSettings())),
        };
        _topology = new Topology(reader, stage, emit, new StatsBlock());
    }

    public IPacketReader Reader { get; }

    public ISpiSink Sink { get; }

    public Topology Topology => _topology;

    public SessionCounts Counts => _topology.Stats.Sessions();

    /// <summary>What a plugin has counted; null where it has neither counters nor errors.</summary>
    public PluginFigure? Plugin(string name) => _topology.Plugins.Read(_topology.Stats).SingleOrDefault(plugin => plugin.Name == name);

    public long[] Verdicts => _topology.Stats.Verdicts();

    public long Dropped => Verdicts.Sum() - Verdicts[(int)PacketRc.DoProcess];

    /// <summary>Writes packets, if the run was given settings for it.</summary>
    public WriteBlock? Writer { get; }

    public async Task RunAsync(CancellationToken stop = default)
    {
        await _topology.RunAsync(stop).WaitAsync(Watchdog, CancellationToken.None);
        if (Writer is not null)
            await Writer.CloseAsync();
    }

    public void Dispose()
    {
        _topology.Dispose();
        Writer?.Dispose();
        _abort.Dispose();
    }

    /// <summary>Runs to the end and gives the records, by the position of their first packet.</summary>
    public static async Task<IReadOnlyList<GatheredRecord>> OfAsync(
        IReadOnlyList<CapturedPacket> packets,
        SessionSettings? sessions = null,
        RecordSettings? records = null,
        int partitions = 1,
        int linkType = 1
    ) => await OfAsync([new MemorySource(packets, linkType)], sessions, records, partitions);

    public static async Task<IReadOnlyList<GatheredRecord>> OfAsync(
        MemorySource[] sources,
        SessionSettings? sessions = null,
        RecordSettings? records = null,
        int partitions = 1,
        IReadOnlyList<int>? batchSizes = null,
        IEnumerable<IFlowPipePlugin>? plugins = null
    )
    {
        var sink = new GatheringSink();
        var reader = new MemoryReader(sources) { BatchSizes = batchSizes ?? [7] };
        using var run = new SessionRun(reader, sink, sessions, records, partitions, plugins);
        await run.RunAsync();
        run.AssertBalanced();
        Assert.Equal(0, reader.Lent);
        return sink.Records;
    }

    /// <summary>The one record of a run.</summary>
    public static async Task<GatheredRecord> OneAsync(
        Conversation conversation,
        SessionSettings? sessions = null,
        RecordSettings? records = null
    ) => Assert.Single(await OfAsync(conversation.Packets, sessions, records));

    /// <summary>DESIGN law 5: every packet and every record is in one line of the ledger.</summary>
    public void AssertBalanced()
    {
        Assert.Equal(Reader.Counts.Packets, Verdicts.Sum() + Reader.Counts.Shed);
        Assert.Equal(Reader.Counts.Packets, Counts.RecordPackets + Dropped + Counts.Refused + Counts.Failed + Reader.Counts.Shed);
        Assert.Equal(0, Counts.OpenPackets);
        Assert.Equal(0, Counts.Open);
        Assert.Equal(0, Counts.PooledBytes);
        Assert.Equal(0, Counts.HeldBytes);
        Assert.Equal(Counts.Records, Sink.Counts.Accepted);
        Assert.Equal(Counts.Records, Counts.ByReason.Sum());
    }
}
