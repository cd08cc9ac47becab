using FlowPipe.Abstractions;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Stats;
using FlowPipe.Core.Writing;

namespace FlowPipe.Pipeline;

/// <summary>Gathers a run's figures from those who own them, and draws up the ledger.</summary>
internal sealed class RunFigures(IPacketReader reader, Topology topology, IReadOnlyList<ISpiSink> sinks)
{
    public RunSnapshot Snapshot(string state, double seconds)
    {
        ReaderCounts read = reader.Counts;
        SessionCounts sessions = topology.Stats.Sessions();
        long[] verdicts = topology.Stats.Verdicts();
        WriterFigures? writer = topology.Write is { } write ? FiguresOf(write.Counts, sessions) : null;
        SinkFigures[] sinkFigures = [.. sinks.Select(FiguresOf)];
        return new RunSnapshot
        {
            State = state,
            Seconds = seconds,
            Reader = new ReaderFigures
            {
                Packets = read.Packets,
                Bytes = read.Bytes,
                Filtered = read.Filtered,
                Sources = read.Sources,
                Damaged = read.Damaged,
                Shed = read.Shed,
                KernelPackets = read.KernelPackets,
                KernelDropped = read.KernelDropped,
                KernelFreezes = read.KernelFreezes,
            },
            Verdicts = Named<PacketRc>(verdicts),
            Sessions = new SessionFigures
            {
                Open = sessions.Open,
                Refused = sessions.Refused,
                Failed = sessions.Failed,
                Created = sessions.Created,
                Spare = sessions.Spare,
                Recycled = sessions.Recycled,
                Made = sessions.Made,
                Trimmed = sessions.Trimmed,
                MemoryBytes = sessions.MemoryBytes,
                PeakMemoryBytes = sessions.PeakMemoryBytes,
                InEmergency = sessions.InEmergency,
                Emergencies = sessions.Emergencies,
                Evicted = sessions.Evicted,
                EndedEarly = sessions.EndedEarly,
                ByState = Named<FlowState>(sessions.ByState),
            },
            Records = sessions.Records,
            RecordPackets = sessions.RecordPackets,
            RecordsByReason = Named<EndReason>(sessions.ByReason),
            Blocks = Blocks(),
            Sinks = sinkFigures,
            Plugins = topology.Plugins.Read(topology.Stats),
            Writer = writer,
            Ledger = LedgerBook.Close(read, verdicts, sessions, sinkFigures, atEnd: state == "done", writer),
        };
    }

    private List<BlockFigures> Blocks()
    {
        var blocks = new List<BlockFigures> { Figures("enqueue", topology.Enqueue.Block.InputCount) };
        foreach (SessionBlock session in topology.Sessions)
            blocks.Add(Figures(session.Name, session.Input.InputCount));
        if (topology.Write is { } write)
            blocks.Add(
                new BlockFigures
                {
                    Name = "write",
                    Queued = write.QueueDepth,
                    Capacity = write.Capacity,
                    Messages = write.Counts.Buffers,
                }
            );
        blocks.Add(
            new BlockFigures
            {
                Name = "emit",
                Queued = topology.Emit.QueueDepth,
                Capacity = topology.Emit.Capacity,
                Messages = topology.Emit.Batches,
            }
        );
        return blocks;
    }

    private BlockFigures Figures(string name, int queued) =>
        new()
        {
            Name = name,
            Queued = queued,
            Capacity = SessionStage.QueueCapacity,
            Messages = topology.Stats.Of(name)?.Messages ?? 0,
        };

    private static WriterFigures FiguresOf(WriterCounts writer, SessionCounts sessions)
    {
        long packets = writer.Packets;
        long lost = writer.LostPackets;
        return new WriterFigures
        {
            Packets = packets,
            Bytes = writer.Bytes,
            DiskBytes = writer.DiskBytes,
            Unsaved = sessions.UnsavedPackets,
            Lost = lost,
            Open = sessions.SavedPackets - packets - lost,
            FilesOpened = writer.Opened,
            FilesClosed = writer.Closed,
            FilesRemoved = writer.Removed,
        };
    }

    private static SinkFigures FiguresOf(ISpiSink sink) =>
        new()
        {
            Name = sink.Name,
            Accepted = sink.Counts.Accepted,
            Copied = sink.Counts.Copied,
            Delivered = sink.Counts.Delivered,
            DeadLettered = sink.Counts.DeadLettersByReason,
            Spooled = sink.Counts.Spooled,
            Evicted = sink.Counts.Evicted,
            Earlier = new EarlierFigures
            {
                Delivered = sink.Counts.EarlierDelivered,
                DeadLettered = sink.Counts.EarlierDeadLettered,
                Lost = sink.Counts.EarlierLost,
            },
            CommittedBefore = sink.Counts.CommittedBefore,
            Postponed = sink.Counts.Postponed,
            Failed = sink.Counts.Failed,
            FailedByReason = sink.Counts.FailedByReason,
            Open = sink.Counts.Open,
            Bytes = sink.Counts.Bytes,
        };

    private static Dictionary<string, long> Named<T>(IReadOnlyList<long> counts)
        where T : struct, Enum
    {
        string[] names = Enum.GetNames<T>();
        var named = new Dictionary<string, long>(StringComparer.Ordinal);
        for (int i = 0; i < counts.Count; i++)
            named[char.ToLowerInvariant(names[i][0]) + names[i][1..]] = counts[i];
        return named;
    }
}
