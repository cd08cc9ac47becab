namespace FlowPipe.Core.Emitting.Spooling;

/// <summary>Finds out what a segment holds that nobody has sealed: its process was killed, or its machine lost power.</summary>
internal static class SpoolRecovery
{
    /// <summary>Counts the entries. Of the last segment, what lies behind the last whole one is cut off.</summary>
    public static void Count(SpoolSegment segment, bool isLast, Action<string> warn)
    {
        var scanner = new SegmentScanner(segment);
        long end = segment.First;
        long records = 0;
        while (scanner.Next(segment.Length))
        {
            end = SpoolEntry.SequenceOf(scanner.Body) + 1;
            records += SpoolEntry.RecordsOf(scanner.Body);
        }
        if (scanner.DamagedBytes > 0)
            warn($"spool {segment.Path}: {scanner.DamagedBytes} bytes of it are damaged; what was in them is lost, the rest is kept");
        long tail = segment.Length - scanner.Offset;
        if (isLast && tail > 0)
        {
            warn(
                $"spool {segment.Path}: its process ended in the middle of a write: {tail} bytes behind the last whole record, at {scanner.Offset}, are cut off"
            );
            segment.CutAt(scanner.Offset);
        }
        segment.Counted(end - segment.First, records);
        segment.Seal();
    }

    /// <summary>Records of the entries before a number.</summary>
    public static long RecordsBefore(SpoolSegment segment, long sequence)
    {
        var scanner = new SegmentScanner(segment);
        long records = 0;
        while (scanner.Next(segment.Length) && SpoolEntry.SequenceOf(scanner.Body) < sequence)
            records += SpoolEntry.RecordsOf(scanner.Body);
        return records;
    }
}
