using FlowPipe.Core.Writing;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Writing;

public sealed class WrittenMarksTests
{
    [Fact]
    public async Task WhoeverWaitsGoesOnWhenItsPartitionIsThere()
    {
        var marks = new WrittenMarks(2, CancellationToken.None);
        Task waits = marks.ReachedAsync(1, 3).AsTask();
        marks.Advance(0, 9);
        marks.Advance(1, 2);
        Assert.False(waits.IsCompleted);
        marks.Advance(1, 3);
        await waits.WaitAsync(SessionRun.Watchdog, TestContext.Current.CancellationToken);
        await marks.ReachedAsync(1, 3);
    }

    [Fact]
    public async Task NobodyWaitsForOneWhoIsOver()
    {
        using var over = new CancellationTokenSource();
        var marks = new WrittenMarks(1, over.Token);
        Task waits = marks.ReachedAsync(0, 1).AsTask();
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits.WaitAsync(SessionRun.Watchdog, CancellationToken.None));
    }

    [Fact]
    public void WhatWasLostIsKnownByItsGenerations()
    {
        var marks = new WrittenMarks(2, CancellationToken.None);
        marks.Lose(0, 4);
        marks.Lose(0, 5);
        marks.Lose(0, 9);
        Assert.False(marks.IsLost(0, 1, 3));
        Assert.True(marks.IsLost(0, 1, 4));
        Assert.True(marks.IsLost(0, 5, 7));
        Assert.False(marks.IsLost(0, 6, 8));
        Assert.True(marks.IsLost(0, 1, 20));
        Assert.False(marks.IsLost(1, 1, 20));
    }
}
