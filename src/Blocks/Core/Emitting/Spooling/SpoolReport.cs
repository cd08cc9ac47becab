namespace FlowPipe.Core.Emitting.Spooling;

/// <summary>What lies in a sink's spool, found by reading it; it may be in use meanwhile.</summary>
public sealed record SpoolReport
{
    /// <summary>Its directory.</summary>
    public required string Folder { get; init; }

    /// <summary>The sink, as it was named.</summary>
    public required string Sink { get; init; }

    /// <summary>Whether a process has it.</summary>
    public bool IsInUse { get; init; }

    /// <summary>Files of entries, and bytes of them.</summary>
    public int Segments { get; init; }
    public long Bytes { get; init; }

    /// <summary>Messages that have not been drained, and records in them.</summary>
    public long Entries { get; init; }
    public long Records { get; init; }

    /// <summary>When the first of them was spooled; null when there is none.</summary>
    public DateTimeOffset? Oldest { get; init; }

    /// <summary>Bytes in the middle of files that are no entries.</summary>
    public long DamagedBytes { get; init; }

    /// <summary>Bytes behind the last entry of a file: a write that was not finished.</summary>
    public long TailBytes { get; init; }

    /// <summary>Entries that should be there and are not.</summary>
    public long Missing { get; init; }

    /// <summary>All spools in a directory.</summary>
    /// <exception cref="FlowPipeException">There is no such directory, or it can't be read.</exception>
    public static IReadOnlyList<SpoolReport> AllIn(string root)
    {
        var reports = new List<SpoolReport>();
        foreach (string folder in SpoolFolder.AllIn(root))
            reports.Add(Of(folder));
        return reports;
    }

    private static SpoolReport Of(string folder)
    {
        try
        {
            long cursor = SpoolCursor.Read(folder) ?? 0;
            var report = new SpoolReport
            {
                Folder = folder,
                Sink = SpoolFolder.SinkOf(folder) ?? "",
                IsInUse = SpoolFolder.IsInUse(folder),
            };
            string[] files = Directory.GetFiles(folder, "*" + SpoolSegment.Extension);
            Array.Sort(files, StringComparer.Ordinal);
            long expected = long.MaxValue;
            foreach (string file in files)
            {
                using SpoolSegment? segment = SpoolSegment.Open(file, forWriting: false);
                if (segment is not null)
                    report = report.With(segment, cursor, ref expected);
            }
            return report;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FlowPipeException($"spool {folder}: it can't be read: {e.Message}", e);
        }
    }

    private SpoolReport With(SpoolSegment segment, long cursor, ref long expected)
    {
        long entries = 0;
        long records = 0;
        long missing = 0;
        DateTimeOffset? oldest = Oldest;
        var scanner = new SegmentScanner(segment);
        while (scanner.Next(segment.Length))
        {
            long sequence = SpoolEntry.SequenceOf(scanner.Body);
            missing += Math.Max(0, sequence - expected);
            expected = sequence + 1;
            if (sequence < cursor)
                continue;
            entries++;
            records += SpoolEntry.RecordsOf(scanner.Body);
            oldest ??= DateTimeOffset.FromUnixTimeMilliseconds(SpoolEntry.SpooledAtMs(scanner.Body));
        }
        if (segment.IsSealed)
        {
            missing += Math.Max(0, segment.End - expected);
            expected = segment.End;
        }
        return this with
        {
            Segments = Segments + 1,
            Bytes = Bytes + segment.Length,
            Entries = Entries + entries,
            Records = Records + records,
            Oldest = oldest,
            DamagedBytes = DamagedBytes + scanner.DamagedBytes,
            TailBytes = TailBytes + Math.Max(0, segment.Length - scanner.Offset),
            Missing = Missing + missing,
        };
    }
}
