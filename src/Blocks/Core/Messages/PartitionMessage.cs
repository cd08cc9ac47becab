using FlowPipe.Abstractions;
using FlowPipe.Core.Overload;

namespace FlowPipe.Core.Messages;

/// <summary>All that a partition's queue carries, in order.</summary>
public abstract class PartitionMessage
{
    /// <summary>Whose queue.</summary>
    public int Partition { get; init; }
}

/// <summary>The packets of a batch that belong to one partition.</summary>
public sealed class PartitionSlice : PartitionMessage
{
    /// <summary>The batch.</summary>
    public required PacketBatch Batch { get; init; }

    /// <summary>Its number among the batch's slices: partition by partition, and anew behind a commit point within the batch.</summary>
    public required int Number { get; init; }

    /// <summary>The packets.</summary>
    public ReadOnlySpan<PacketRecord> Records => Batch.Sorted.AsSpan(Batch.SliceStart[Number]..Batch.SliceStart[Number + 1]);
}

/// <summary>
/// A point in the run that every partition passes: it runs timeouts to the clock and hands on what it has. A final one also saves what is left,
/// as <see cref="EndReason.Shutdown"/>, and starts the clock anew.
/// </summary>
public sealed class Barrier : PartitionMessage
{
    /// <summary>The clock of the run there, nanoseconds since 1970-01-01 UTC.</summary>
    public required long ClockNs { get; init; }

    /// <summary>Number of the packet before it.</summary>
    public required long Ordinal { get; init; }

    /// <summary>Whether sessions end here.</summary>
    public required bool Final { get; init; }

    /// <summary>What was lost so far, in a live run.</summary>
    internal LostPackets Lost { get; init; }

    /// <summary>What the reader asks here, if it does.</summary>
    public Milestone? Milestone { get; init; }

    /// <summary>The commit point here, if it is one.</summary>
    public CommitPoint? Commit { get; init; }
}
