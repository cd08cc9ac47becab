using CsCheck;
using FlowPipe.Core.Enqueue;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Enqueue;

public sealed class PacketClockTests
{
    [Fact]
    public void IsTheGreatestOfTheLesserOfTwoNeighbours()
    {
        Gen.OneOf(Gen.Long, Gen.Long[-5, 5], Pick.From(long.MinValue, long.MaxValue))
            .Array[0, 30]
            .Sample(times =>
            {
                var clock = new PacketClock();
                for (int i = 0; i < times.Length; i++)
                {
                    long expected = long.MinValue;
                    for (int j = 1; j <= i; j++)
                        expected = Math.Max(expected, Math.Min(times[j - 1], times[j]));
                    Assert.Equal(expected, clock.Advance(times[i]));
                    Assert.Equal(expected, clock.Now);
                }
            });
    }

    [Fact]
    public void StandsStillAtOneFalseStamp()
    {
        var clock = new PacketClock();
        long[] times = [100, 101, 9_000_000, 102, 50, 103];
        Assert.Equal([long.MinValue, 100, 101, 102, 102, 102], times.Select(time => clock.Advance(time)));
    }
}
