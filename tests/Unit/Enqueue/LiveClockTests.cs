using CsCheck;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Messages;

namespace FlowPipe.Tests.Unit.Enqueue;

public sealed class LiveClockTests
{
    [Fact]
    public void IsTheLeastOfTheReadersAndNeverGoesBack()
    {
        Gen.Select(Gen.Int[0, 2], Gen.Long[0, 20], Gen.Bool)
            .Array[0, 40]
            .Sample(steps =>
            {
                var clock = new LiveClock(3);
                var packets = new PacketClock[] { new(), new(), new() };
                long[] readers = [long.MinValue, long.MinValue, long.MinValue];
                long expected = long.MinValue;
                foreach ((int reader, long ns, bool isTick) in steps)
                {
                    readers[reader] = Math.Max(readers[reader], isTick ? ns : packets[reader].Advance(ns));
                    expected = Math.Max(expected, readers.Min());
                    Assert.Equal(expected, isTick ? clock.Tick((byte)reader, ns) : clock.Advance((byte)reader, ns));
                    Assert.Equal(expected, clock.Now);
                    Assert.Equal(readers[reader], clock.Of((byte)reader));
                }
            });
    }

    [Fact]
    public void AReaderThatHasEndedHoldsNothingBack()
    {
        var clock = new LiveClock(2);
        clock.Tick(0, 100);
        clock.Tick(1, 50);
        Assert.Equal(50, clock.Now);
        clock.Tick(1, PacketBatch.NoMorePackets);
        Assert.Equal(100, clock.Now);
        clock.Tick(0, PacketBatch.NoMorePackets);
        Assert.Equal(100, clock.Now);
    }

    [Fact]
    public void BeginsAnewWhenItIsToldTo()
    {
        var clock = new LiveClock(2);
        clock.Tick(0, 100);
        clock.Tick(1, 100);
        clock.Restart();
        Assert.Equal(long.MinValue, clock.Now);
        clock.Tick(0, 7);
        Assert.Equal(long.MinValue, clock.Now);
        Assert.Equal(5, clock.Tick(1, 5));
    }
}
