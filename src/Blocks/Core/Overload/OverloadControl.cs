namespace FlowPipe.Core.Overload;

/// <summary>
/// What a live run does when the kernel's memory fills: first no new sessions, then whole flows are shed by a range of hashes that grows while it does
/// not help, and where even that is not enough, readers shed what nobody takes. Each step ends at a lower mark than it begins at, so a run
/// does not flutter between two of them. Decided in enqueue, at each batch; told to partitions by one word that they read.
/// </summary>
/// <param name="readers">How many readers there are.</param>
public sealed class OverloadControl(int readers = 1)
{
    /// <summary>Hashes are told apart by so many ranges.</summary>
    public const int Ranges = 1 << 16;

    // Percent of the kernel's memory that is taken, of the reader that has least left
    private const int PressedAt = 10;
    private const int RefuseAt = 80;
    private const int AcceptAt = 60;
    private const int ShedAt = 90;
    private const int KeepAt = 75;

    // Percent of the fullest partition's queue. Full queues refuse nobody: the processors do what they can, and the kernel's memory has room. But who has
    // refused goes on until they are not full either.
    private const int QueuePressedAt = 25;
    private const int QueueAcceptAt = 60;
    private const int Growth = Ranges / 16;
    private const int Decline = Ranges / 64;
    private const int MostShed = Ranges / 16 * 15; // some flows are always looked at: a sensor that sees nothing can't be told from a dead one
    private readonly int[] _kernel = new int[readers];
    private Func<int> _queue = static () => 0;
    private int _isPressed;
    private int _refusesNew;
    private int _shedBelow;
    private long _episodes;

    /// <summary>Whether packets wait anywhere, though not too many: larger batches cost less now.</summary>
    public bool IsPressed => Volatile.Read(ref _isPressed) != 0;

    /// <summary>Whether partitions take no new sessions.</summary>
    public bool RefusesNew => Volatile.Read(ref _refusesNew) != 0;

    /// <summary>Flows whose hash lies in a range below are shed; 0 for none.</summary>
    public int ShedBelow => Volatile.Read(ref _shedBelow);

    /// <summary>How often it began to refuse sessions.</summary>
    public long Episodes => Volatile.Read(ref _episodes);

    /// <summary>The range that a flow's hash lies in: of bits that pick neither its partition nor, unless there are very many, its bucket.</summary>
    internal static int RangeOf(ulong hash) => (int)(hash >> 16) & (Ranges - 1);

    /// <summary>Says who knows how full the fullest partition's queue is, percent.</summary>
    public void Watch(Func<int> queuePercent) => _queue = queuePercent;

    /// <summary>Looks at the kernel's memory and at the partitions, and decides.</summary>
    internal void Update()
    {
        int kernel = 0;
        for (int reader = 0; reader < _kernel.Length; reader++)
            kernel = Math.Max(kernel, Volatile.Read(ref _kernel[reader]));
        Decide(kernel, _queue());
    }

    /// <summary>A reader says how much of what the kernel keeps for it is taken, percent.</summary>
    internal void Report(byte reader, int percent) => Volatile.Write(ref _kernel[reader], percent);

    /// <summary>Decides where so much is taken, percent: of the kernel's memory, and of the fullest partition's queue.</summary>
    internal void Decide(int kernel, int queue)
    {
        Volatile.Write(ref _isPressed, kernel >= PressedAt || queue >= QueuePressedAt ? 1 : 0);
        if (kernel >= ShedAt)
            Volatile.Write(ref _shedBelow, Math.Min(MostShed, _shedBelow + Growth));
        else if (kernel < KeepAt && _shedBelow > 0)
            Volatile.Write(ref _shedBelow, kernel == 0 && queue == 0 ? 0 : Math.Max(0, _shedBelow - Decline));
        if (!RefusesNew && kernel >= RefuseAt)
        {
            Volatile.Write(ref _refusesNew, 1);
            Volatile.Write(ref _episodes, _episodes + 1);
        }
        else if (RefusesNew && kernel < AcceptAt && queue < QueueAcceptAt && _shedBelow == 0)
        {
            Volatile.Write(ref _refusesNew, 0);
        }
    }
}
