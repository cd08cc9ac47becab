using System.Threading.Tasks.Dataflow;
using CsCheck;
using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Stats;

namespace FlowPipe.Tests.Unit.Stats;

public sealed class StatsBlockTests
{
    [Fact]
    public async Task KnowsNothingBeforeAnyBlockHasSpoken()
    {
        var stats = new StatsBlock();
        await EndAsync(stats);
        Assert.Null(stats.Of("enqueue"));
        Assert.Equal(new long[Enum.GetValues<PacketRc>().Length], stats.Verdicts());
        Assert.Equal(0, stats.Sessions().Packets);
        Assert.Empty(stats.Sessions().ByReason);
    }

    [Fact]
    public async Task KeepsTheNewestOfEachBlockAndAddsThemUp()
    {
        var stats = new StatsBlock();
        await SendAsync(
            stats,
            new BlockStats("session 0", 1)
            {
                Sessions = new SessionCounts { Packets = 5, ByReason = [1, 2] },
            }
        );
        await SendAsync(
            stats,
            new BlockStats("session 1", 1)
            {
                Sessions = new SessionCounts { Packets = 70, ByReason = [0, 0, 3] },
            }
        );
        await SendAsync(
            stats,
            new BlockStats("session 0", 2)
            {
                Sessions = new SessionCounts { Packets = 6, ByReason = [2, 2] },
            }
        );
        await EndAsync(stats);
        Assert.Equal(76, stats.Sessions().Packets);
        Assert.Equal([2, 2, 3], stats.Sessions().ByReason);
        Assert.Equal((2L, 1L), (stats.Of("session 0")!.Messages, stats.Of("session 1")!.Messages));
        Assert.Equal(0, stats.Verdicts().Sum());
    }

    [Fact]
    public async Task AddsUpVerdictsOfWhoeverHasAny()
    {
        var stats = new StatsBlock();
        await SendAsync(stats, new BlockStats("enqueue", 1) { Verdicts = [1, 2, 3] });
        await SendAsync(stats, new BlockStats("enqueue 1", 1) { Verdicts = [10, 20] });
        await SendAsync(stats, new BlockStats("session 0", 1) { Sessions = new SessionCounts() });
        await EndAsync(stats);
        Assert.Equal([11, 22, 3], stats.Verdicts()[..3]);
    }

    [Fact]
    public void TheClockCountsItsTicks()
    {
        var clock = new StatsClock();
        Assert.Equal(0, clock.Second);
        clock.Tick();
        clock.Tick();
        Assert.Equal(2, clock.Second);
    }

    /// <summary>Every count is in the sum: whoever adds one must add it there.</summary>
    [Fact]
    public void ASumHasEveryCount()
    {
        System.Reflection.PropertyInfo[] numbers =
        [
            .. typeof(SessionCounts).GetProperties().Where(static property => property.PropertyType == typeof(long)),
        ];
        Assert.NotEmpty(numbers);
        Gen.Select(Gen.Long[0, 1 << 30].Array[numbers.Length], Gen.Long[0, 1 << 30].Array[numbers.Length])
            .Sample(
                (left, right) =>
                {
                    SessionCounts sum = Filled(numbers, left).Plus(Filled(numbers, right));
                    for (int i = 0; i < numbers.Length; i++)
                        Assert.Equal(left[i] + right[i], numbers[i].GetValue(sum));
                },
                iter: 20
            );
    }

    private static SessionCounts Filled(System.Reflection.PropertyInfo[] numbers, long[] values)
    {
        var counts = new SessionCounts();
        for (int i = 0; i < numbers.Length; i++)
            numbers[i].SetValue(counts, values[i]);
        return counts;
    }

    private static async Task SendAsync(StatsBlock stats, BlockStats counts) => Assert.True(await stats.Block.SendAsync(counts));

    private static async Task EndAsync(StatsBlock stats)
    {
        stats.Block.Complete();
        await stats.Block.Completion;
    }
}
