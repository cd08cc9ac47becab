namespace FlowPipe.Core.Messages;

/// <summary>
/// A reader's question, sent behind what it has read: which of its sources are done with, every packet of them in a record that has met its fate?
/// Each partition says which is the oldest source that it still holds packets of, and emit answers once the records before it are delivered.
/// </summary>
/// <param name="sources">Sources begun before it.</param>
/// <param name="endsSessions">Whether sessions end here, and the clock starts anew, as at the end of a run.</param>
public sealed class Milestone(int sources, bool endsSessions)
{
    private readonly TaskCompletionSource<int> _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _oldest = sources;
    private int _arrived;
    private volatile bool _abandoned;

    /// <summary>Whether sessions end here.</summary>
    public bool EndsSessions => endsSessions;

    /// <summary>The answer where it could not be had in time: ask again later.</summary>
    public const int Unknown = -1;

    /// <summary>The answer: sources with a number below it are done with.</summary>
    public Task<int> Reached => _reached.Task;

    /// <summary>Nobody waits for the answer any more, so emit need not hold up what comes behind it.</summary>
    public void Abandon() => _abandoned = true;

    /// <summary>Whether nobody waits for the answer.</summary>
    internal bool IsAbandoned => _abandoned;

    /// <summary>The oldest source that anybody has named so far.</summary>
    internal int Oldest => Volatile.Read(ref _oldest);

    /// <summary>Packets of this source, and of later ones perhaps, are not in a record yet. Called by several threads.</summary>
    internal void Holds(int source)
    {
        int seen = Oldest;
        while (source < seen)
        {
            int before = Interlocked.CompareExchange(ref _oldest, source, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }

    /// <summary>A partition's records before it have been written. Called by emit alone.</summary>
    /// <returns>Whether it was the last of them.</returns>
    internal bool Arrives(int partitions) => ++_arrived == partitions;

    /// <summary>All of these records have met their fate, or some have not.</summary>
    internal void Reach(bool settled) => _reached.TrySetResult(settled ? Oldest : Unknown);
}
