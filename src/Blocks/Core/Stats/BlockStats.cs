using FlowPipe.Core.Sessions;

namespace FlowPipe.Core.Stats;

/// <summary>One block's counters at one moment, made by the block itself, so that nobody reads what another writes.</summary>
/// <param name="Block">The block's name.</param>
/// <param name="Messages">Messages it has taken.</param>
public sealed record BlockStats(string Block, long Messages)
{
    /// <summary>A partition's.</summary>
    public SessionCounts? Sessions { get; init; }

    /// <summary>Enqueue's: packets by <see cref="Abstractions.PacketRc"/>.</summary>
    public IReadOnlyList<long>? Verdicts { get; init; }

    /// <summary>A partition's or enqueue's: what plugins have counted there, by <see cref="Abstractions.PluginCounter.Number"/>.</summary>
    public IReadOnlyList<long>? Plugins { get; init; }
}

/// <summary>Tells blocks when it is time to publish: a number that a timer raises once an interval.</summary>
public sealed class StatsClock
{
    private int _second;

    /// <summary>The interval's number.</summary>
    public int Second => Volatile.Read(ref _second);

    /// <summary>The next interval begins. Called by the timer alone.</summary>
    public void Tick() => Volatile.Write(ref _second, _second + 1);
}
