using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Benchmarks;

/// <summary>
/// What sessions and records allocate with all parsers once the pools have grown, for each capture: they are read into memory, so small ones.
/// <c>RecordAllocationTests</c> bounds the same figures of the samples.
/// </summary>
internal static class AllocationFigures
{
    public static int Write(IReadOnlyList<string> captures)
    {
        Console.WriteLine($"{"sessions", 8} {"records", 8} {"B/session", 10} {"B/record", 9} {"of it key", 9}");
        foreach (string capture in captures)
        {
            using var pass = new PartitionPass(capture);
            Allocation allocation = pass.Measure();
            if (allocation.Records == 0)
                continue;
            double key = (double)allocation.KeyBytes / allocation.Records;
            Console.WriteLine(
                $"{allocation.Sessions, 8} {allocation.Records, 8} {allocation.PerSession, 10:0.0} {allocation.PerRecord, 9:0.0} {key, 9:0.0}  {Path.GetFileName(capture)}"
            );
        }
        return 0;
    }
}
