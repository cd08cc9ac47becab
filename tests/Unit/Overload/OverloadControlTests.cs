using FlowPipe.Core.Overload;

namespace FlowPipe.Tests.Unit.Overload;

public sealed class OverloadControlTests
{
    [Fact]
    public void NewSessionsAreRefusedFirstThenFlowsAreShedAndBothEnd()
    {
        var control = new OverloadControl();
        control.Decide(79, 0);
        Assert.False(control.RefusesNew);
        control.Decide(80, 0);
        Assert.True(control.RefusesNew);
        Assert.Equal(0, control.ShedBelow);
        control.Decide(89, 0);
        Assert.Equal(0, control.ShedBelow);
        control.Decide(90, 0);
        int first = control.ShedBelow;
        Assert.True(first > 0);
        control.Decide(90, 0);
        Assert.True(control.ShedBelow > first);

        // between the marks nothing changes
        int shed = control.ShedBelow;
        control.Decide(80, 0);
        Assert.Equal(shed, control.ShedBelow);
        Assert.True(control.RefusesNew);
        // below them flows come back one range after the other, and only then new sessions
        control.Decide(70, 0);
        Assert.InRange(control.ShedBelow, 1, shed - 1);
        control.Decide(10, 0);
        Assert.True(control.RefusesNew);
        while (control.ShedBelow > 0)
            control.Decide(10, 0);
        Assert.False(control.RefusesNew);
        Assert.Equal(1, control.Episodes);
    }

    [Fact]
    public void FullQueuesAloneRefuseNobodyAndEndNoRefusal()
    {
        var control = new OverloadControl();
        control.Decide(0, 100);
        Assert.False(control.RefusesNew);
        control.Decide(80, 100);
        control.Decide(0, 100);
        Assert.True(control.RefusesNew);
        control.Decide(20, 50);
        Assert.False(control.RefusesNew);
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(9, 24, false)]
    [InlineData(10, 0, true)]
    [InlineData(0, 25, true)]
    public void WhatWaitsAnywhereIsPressure(int kernel, int queue, bool isPressed)
    {
        var control = new OverloadControl();
        control.Decide(kernel, queue);
        Assert.Equal(isPressed, control.IsPressed);
    }

    [Fact]
    public void SomeFlowsAreAlwaysTaken()
    {
        var control = new OverloadControl();
        for (int i = 0; i < 1_000; i++)
            control.Decide(100, 100);
        Assert.InRange(control.ShedBelow, 1, OverloadControl.Ranges - 1);
    }

    [Fact]
    public void WhatHasCaughtUpTakesAllAtOnce()
    {
        var control = new OverloadControl();
        for (int i = 0; i < 20; i++)
            control.Decide(100, 100);
        control.Decide(0, 0);
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
