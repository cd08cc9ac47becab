namespace FlowPipe.Core.Overload;

/// <summary>
/// What a live run does when partitions fall behind: first no new sessions, then whole flows are shed by a range of hashes that grows while it does
/// not help, and where even that is not enough, readers shed what nobody takes. Each step ends at a lower mark than it begins at, so a run
/// does not flutter between two of them. Decided in enqueue, at each batch; told to partitions by one word that they read.
/// </summary>
/// <param name="readers">How many readers there are.</param>
public sealed class OverloadControl(int readers = 1)
{
    /// <summary>Hashes are told apart by so many ranges.</summary>
    public const int Ranges = 1 << 16;

    // Percent of all that may wait: see LagOf.
    private const int RefuseAt = 50;
    private const int AcceptAt = 25;
    private const int ShedAt = 75;
    private const int KeepAt = 50;
    private const int Growth = Ranges / 16;
    private const int Decline = Ranges / 64;
    private const int MostShed = Ranges / 16 * 15; // some flows are always looked at: a sensor that sees nothing can't be told from a dead one
    private readonly int[] _waiting = new int[readers];
    private Func<int> _behind = static () => 0;
    private int _behindPercent;
    private int _refusesNew;
    private int _shedBelow;
    private long _episodes;

    /// <summary>How far behind the run is, percent of all that may wait.</summary>
    public int BehindPercent => Volatile.Read(ref _behindPercent);

    /// <summary>Whether partitions take no new sessions.</summary>
    public bool RefusesNew => Volatile.Read(ref _refusesNew) != 0;

    /// <summary>Flows whose hash lies in a range below are shed; 0 for none.</summary>
    public int ShedBelow => Volatile.Read(ref _shedBelow);

    /// <summary>How often it began to refuse sessions.</summary>
    public long Episodes => Volatile.Read(ref _episodes);

    /// <summary>The range that a flow's hash lies in: of bits that pick neither its partition nor, unless there are very many, its bucket.</summary>
    internal static int RangeOf(ulong hash) => (int)(hash >> 16) & (Ranges - 1);

    /// <summary>Says who knows how full the fullest partition's queue is, percent.</summary>
    public void Watch(Func<int> behindPercent) => _behind = behindPercent;

    /// <summary>Looks at the partitions, and decides.</summary>
    internal void Update()
    {
        int waiting = 0;
        for (int reader = 0; reader < _waiting.Length; reader++)
            waiting = Math.Max(waiting, Volatile.Read(ref _waiting[reader]));
        Decide(LagOf(_behind(), waiting));
    }

    /// <summary>A reader says how much of what the kernel keeps for it is taken, percent.</summary>
    internal void Report(byte reader, int percent) => Volatile.Write(ref _waiting[reader], percent);

    /// <summary>
    /// How far behind that is. Queues that are full don't refuse anybody: as much as the processors can do they are, and the kernel's memory has room. But
    /// who has refused goes on until they are not.
    /// </summary>
    internal static int LagOf(int queuePercent, int kernelPercent) => Math.Max(queuePercent * 2 / 5, kernelPercent);

    /// <summary>Decides for a run that is so far behind.</summary>
    internal void Decide(int behindPercent)
    {
        Volatile.Write(ref _behindPercent, behindPercent);
        if (behindPercent >= ShedAt)
            Volatile.Write(ref _shedBelow, Math.Min(MostShed, _shedBelow + Growth));
        else if (behindPercent < KeepAt && _shedBelow > 0)
            Volatile.Write(ref _shedBelow, behindPercent == 0 ? 0 : Math.Max(0, _shedBelow - Decline));
        if (!RefusesNew && behindPercent >= RefuseAt)
        {
            Volatile.Write(ref _refusesNew, 1);
            Volatile.Write(ref _episodes, _episodes + 1);
        }
        else if (RefusesNew && behindPercent < AcceptAt && _shedBelow == 0)
        {
            Volatile.Write(ref _refusesNew, 0);
        }
    }
}
