namespace FlowPipe.Pipeline.Verifying;

/// <summary>What is wrong with a record, or with several.</summary>
internal enum FindingKind
{
    Missing,
    Doubled,
    Changed,
    Surplus,
    Unreadable,
}

/// <param name="Kind">What it is.</param>
/// <param name="Id">Whose; null where it can't be told.</param>
/// <param name="Detail">More of it, in words.</param>
internal sealed record Finding(FindingKind Kind, Guid? Id, string Detail);

/// <summary>Counts findings, and hands on as many as are wanted.</summary>
internal sealed class Findings(Action<Finding> show, long limit)
{
    private readonly long[] _counts = new long[Enum.GetValues<FindingKind>().Length];
    private long _shown;

    public long Of(FindingKind kind) => _counts[(int)kind];

    public bool Any => Array.Exists(_counts, static count => count > 0);

    /// <summary>How many were not shown.</summary>
    public long Hidden { get; private set; }

    public void Add(FindingKind kind, Guid? id, string detail, long records = 1)
    {
        _counts[(int)kind] += records;
        if (_shown == limit)
        {
            Hidden++;
            return;
        }
        _shown++;
        show(new Finding(kind, id, detail));
    }
}
