using System.Threading.Tasks.Dataflow;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Stats;
using FlowPipe.Core.Writing;

namespace FlowPipe.Pipeline;

/// <summary>
/// The way of the data, block by block:
/// <code>
///   reader ──PacketBatch──► enqueue ──PartitionSlice──► session 0 … session P-1 ──SpiBatch──► emit
///                              │                                   ├──PcapBuffer─► write ────┘ how far it is
///                              └───────────────BlockStats──────────┴──────────────────────► stats
/// </code>
/// Every arrow is bounded, so a slow sink is felt at the reader. Emit holds each record until write has its packets on disk.
/// </summary>
internal sealed class Topology : IDisposable
{
    private readonly IPacketReader _reader;
    private readonly BlockGraph _graph = new();
    private readonly PluginTasks _tasks;

    /// <param name="reader">Where packets come from; not disposed.</param>
    /// <param name="sessions">What makes enqueue and the partitions.</param>
    /// <param name="emit">Where records go.</param>
    /// <param name="stats">Where counters go.</param>
    public Topology(IPacketReader reader, SessionStage sessions, EmitBlock emit, StatsBlock stats)
    {
        _reader = reader;
        Enqueue = sessions.CreateEnqueue(stats.Clock, emit.Committing);
        Sessions = sessions.CreateSessions(stats.Clock);
        Commands = sessions.CreateCommands(Sessions);
        Plugins = sessions.Plugins;
        _tasks = sessions.Tasks;
        Write = sessions.Writer;
        Emit = emit;
        Stats = stats;

        _graph.Add("enqueue", Enqueue.Block);
        if (Write is not null)
            _graph.Add("write", Write.Block);
        _graph.Add("emit", Emit.Block);
        _graph.Add("stats", Stats.Block);
        foreach (SessionBlock session in Sessions)
            _graph.Add(session.Name, session.Input);

        _graph.Partition(Enqueue.Block, [.. Sessions.Select(session => session.Input)], message => message.Partition);
        _graph.Link(Enqueue.Stats, Stats.Block);
        foreach (SessionBlock session in Sessions)
        {
            _graph.Link(session.Spi, Emit.Block);
            _graph.Link(session.Stats, Stats.Block);
            if (Write is not null)
                _graph.Link(session.Pcap, Write.Block);
        }
    }

    public EnqueueBlock Enqueue { get; }
    public IReadOnlyList<SessionBlock> Sessions { get; }

    /// <summary>Reaches sessions from any thread.</summary>
    public SessionCommands Commands { get; }

    /// <summary>What plugins count.</summary>
    public PluginFigures Plugins { get; }

    /// <summary>Null where packets stay in what is read.</summary>
    public WriteBlock? Write { get; }

    public EmitBlock Emit { get; }
    public StatsBlock Stats { get; }

    /// <summary>Runs to the end of the inputs, or drains when told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _tasks.Start(Commands);
        try
        {
            await _graph.RunAsync(ReadAsync, Enqueue.Block, stop).ConfigureAwait(false);
        }
        finally
        {
            await _tasks.EndAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the run at once; what is on its way is lost, and the ledger says so.</summary>
    public void Abort() => _graph.Abort();

    public void Dispose() => _graph.Dispose();

    private async Task ReadAsync(CancellationToken stop)
    {
        try
        {
            await _reader.ReadAsync(Enqueue.Block, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // It did as it was told.
        }
        // However reading ended, the sessions that it fed are to be saved.
        PacketBatch end = stop.IsCancellationRequested ? PacketBatch.Stopped : PacketBatch.End;
        await Enqueue.Block.SendAsync(end, CancellationToken.None).ConfigureAwait(false);
    }
}
