using System.Threading.Tasks.Dataflow;

namespace FlowPipe.Core.Graph;

/// <summary>The only source of block options: every block is bounded and runs one message at a time, in order.</summary>
public static class BlockOptions
{
    /// <summary>Capacity below which a waiting sender costs an allocation a message (STYLE section 3, row 15).</summary>
    public const int MinimumCapacity = 16;

    /// <summary>Options for a block that holds so many messages.</summary>
    public static ExecutionDataflowBlockOptions Bounded(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
#pragma warning disable RS0030 // the one place where options are made
        return new ExecutionDataflowBlockOptions
        {
            BoundedCapacity = capacity,
            MaxDegreeOfParallelism = 1,
            EnsureOrdered = true,
        };
#pragma warning restore RS0030
    }
}
