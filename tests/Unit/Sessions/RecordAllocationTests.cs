using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>
/// What sessions and records allocate with all parsers, over real traffic, once the pools have grown: of each record the message key, which
/// must be an array of its own, and nothing else. <c>dotnet run -c Release --project tests/Benchmarks -- allocation FILE...</c> shows the figures.
/// </summary>
public sealed class RecordAllocationTests
{
    // 31 to 39 characters, and an array's header
    private const int KeyBytes = 64;

    // What a parser may leave behind now and then, spread over a capture's sessions
    private const int OtherBytes = 8;

    /// <summary>All samples.</summary>
    public static TheoryData<string> Names =>
        [.. Directory.GetFiles(Repository.Path("samples"), "*.pcap*").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void OnlyTheKeyIsAllocated(string sample)
    {
        using var pass = new PartitionPass(Repository.Path("samples", sample));
        Allocation allocation = pass.Measure();
        Assert.True(allocation.Sessions > 0 && allocation.Records >= allocation.Sessions);
        Assert.InRange(allocation.PerRecord, 0, KeyBytes);
        Assert.InRange((allocation.Bytes - allocation.KeyBytes) / (double)allocation.Sessions, 0, OtherBytes);
    }
}
