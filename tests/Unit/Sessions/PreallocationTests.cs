using FlowPipe.Core;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>Sessions made at the start, and faults made to happen.</summary>
public sealed class PreallocationTests
{
    private static readonly CapturedPacket[] Packets =
    [
        .. Enumerable.Range(0, 40).SelectMany(i => new Conversation(clientPort: 1000 + i).Udp(100 + (i * 0.01), true).Packets),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task TheyAreThereForThePartitionsToUse(int partitions)
    {
        using SessionRun run = await RunAsync(new SessionSettings { Prealloc = 3_000 }, partitions);
        Assert.Equal(3_000, run.Counts.Made);
        Assert.Equal(3_000, run.Counts.Spare);
        Assert.Equal(40, run.Counts.Recycled);
    }

    [Fact]
    public async Task WhatCannotBeHadIsSaidAtTheStart()
    {
        await FailsAsync(new SessionSettings { Prealloc = 10, MaxStreams = 5 }, "sessions.maxStreams");
        await FailsAsync(new SessionSettings { Prealloc = 100_000, MemoryCap = 1 << 20 }, "flow.memcap");
        await FailsAsync(
            new SessionSettings
            {
                Prealloc = int.MaxValue,
                MaxStreams = int.MaxValue,
                MemoryCap = 0,
            },
            "flow.prealloc"
        );
        await FailsAsync(new SessionSettings { Prealloc = 10, Simulate = [new FaultSwitch(Fault.Prealloc, 0)] }, "simulated");
    }

    [Theory]
    [InlineData("memcap@20")]
    [InlineData("maxstreams@20")]
    public async Task ASimulatedFaultIsLikeTheRealOne(string fault)
    {
        using SessionRun run = await RunAsync(new SessionSettings { Simulate = [FaultSwitch.Parse(fault)] }, partitions: 1);
        Assert.Equal((1L, 1L, 0L), (run.Counts.Emergencies, run.Counts.Evicted, run.Counts.InEmergency));
        Assert.Equal(1, run.Counts.ByReason[(int)Abstractions.EndReason.Forced]);
    }

    [Fact]
    public async Task AFaultAfterTheEndNeverHappens()
    {
        using SessionRun run = await RunAsync(new SessionSettings { Simulate = [FaultSwitch.Parse("memcap@41")] }, partitions: 2);
        Assert.Equal((0L, 0L), (run.Counts.Emergencies, run.Counts.Evicted));
    }

    [Theory]
    [InlineData("")]
    [InlineData("memcap")]
    [InlineData("memcap@")]
    [InlineData("memcap@0")]
    [InlineData("memcap@-1")]
    [InlineData("memcap@1@2")]
    [InlineData("prealloc@3")]
    [InlineData("rain@5")]
    public void WhatIsNoFaultIsWrongUsage(string text)
    {
        var wrong = Assert.Throws<FlowPipeException>(() => FaultSwitch.Parse(text));
        Assert.True(wrong.IsWrongUsage);
        Assert.Contains("--simulate", wrong.Message, StringComparison.Ordinal);
    }

    private static async Task FailsAsync(SessionSettings settings, string why)
    {
        var failed = await Assert.ThrowsAsync<FlowPipeException>(() => RunAsync(settings, partitions: 1));
        Assert.Contains("flow.prealloc", failed.Message, StringComparison.Ordinal);
        Assert.Contains(why, failed.Message, StringComparison.Ordinal);
    }

    private static async Task<SessionRun> RunAsync(SessionSettings settings, int partitions)
    {
        var run = new SessionRun(new MemoryReader(new MemorySource(Packets)), new GatheringSink(), settings, partitions: partitions);
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        return run;
    }
}
