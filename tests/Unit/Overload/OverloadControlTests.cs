using FlowPipe.Core.Overload;

namespace FlowPipe.Tests.Unit.Overload;

public sealed class OverloadControlTests
{
    [Fact]
    public void NewSessionsAreRefusedFirstThenFlowsAreShedAndBothEnd()
    {
        var control = new OverloadControl();
        control.Decide(49);
        Assert.False(control.RefusesNew);
        control.Decide(50);
        Assert.True(control.RefusesNew);
        Assert.Equal(0, control.ShedBelow);
        control.Decide(74);
        Assert.Equal(0, control.ShedBelow);
        control.Decide(75);
        int first = control.ShedBelow;
        Assert.True(first > 0);
        control.Decide(90);
        Assert.True(control.ShedBelow > first);

        // between the marks nothing changes
        int shed = control.ShedBelow;
        control.Decide(60);
        Assert.Equal(shed, control.ShedBelow);
        Assert.True(control.RefusesNew);
        // below them flows come back one range after the other, and only then new sessions
        control.Decide(30);
        Assert.InRange(control.ShedBelow, 1, shed - 1);
        control.Decide(10);
        Assert.True(control.RefusesNew);
        while (control.ShedBelow > 0)
            control.Decide(10);
        Assert.False(control.RefusesNew);
        Assert.Equal(1, control.Episodes);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(40, 0, 16)]
    [InlineData(40, 30, 30)]
    [InlineData(100, 0, 40)]
    [InlineData(100, 80, 80)]
    [InlineData(0, 100, 100)]
    public void TheKernelsMemoryIsUsedBeforeAnythingIsShed(int queue, int kernel, int lag) =>
        Assert.Equal(lag, OverloadControl.LagOf(queue, kernel));

    [Fact]
    public void FullQueuesAloneRefuseNobodyAndEndNoRefusal()
    {
        var control = new OverloadControl();
        int queues = OverloadControl.LagOf(100, 0);
        control.Decide(queues);
        Assert.False(control.RefusesNew);
        control.Decide(OverloadControl.LagOf(100, 50));
        control.Decide(queues);
        Assert.True(control.RefusesNew);
        control.Decide(OverloadControl.LagOf(60, 20));
        Assert.False(control.RefusesNew);
    }

    [Fact]
    public void SomeFlowsAreAlwaysTaken()
    {
        var control = new OverloadControl();
        for (int i = 0; i < 1_000; i++)
            control.Decide(100);
        Assert.InRange(control.ShedBelow, 1, OverloadControl.Ranges - 1);
    }

    [Fact]
    public void WhatHasCaughtUpTakesAllAtOnce()
    {
        var control = new OverloadControl();
        for (int i = 0; i < 20; i++)
            control.Decide(100);
        control.Decide(0);
        Assert.Equal(0, control.ShedBelow);
        Assert.False(control.RefusesNew);
    }

    [Fact]
    public void ARangeIsNoPartOfThePartition()
    {
        // the partition is taken from the upper half
        Assert.Equal(OverloadControl.RangeOf(0x0123_4567_89AB_CDEF), OverloadControl.RangeOf(0xFEDC_BA98_89AB_CDEF));
        Assert.Equal(0x89AB, OverloadControl.RangeOf(0x0123_4567_89AB_CDEF));
    }
}
