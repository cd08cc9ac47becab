using FlowPipe.Core.Privileges;

namespace FlowPipe.Tests.Unit.Privileges;

public sealed class ThreadRightsTests
{
    private const string Nothing =
        "Name:\tx\nUid:\t7\t7\t7\t7\nGid:\t8\t8\t8\t8\nGroups:\t \nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
        + "CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n";

    [Fact]
    public void WhoHasNothingLeftHasNoSurplus() => Assert.Null(ThreadRights.Parse(Nothing).Surplus(7, 8));

    [Theory]
    [InlineData("Uid:\t7\t7\t7\t7", "Uid:\t7\t7\t0\t7", "users 7 7 0 7")]
    [InlineData("Gid:\t8\t8\t8\t8", "Gid:\t8\t8\t8\t0", "groups 8 8 8 0")]
    [InlineData("Groups:\t ", "Groups:\t0 27 ", "further groups 0 27")]
    [InlineData("CapPrm:\t0000000000000000", "CapPrm:\t0000000000002000", "capabilities 2000")]
    [InlineData("CapAmb:\t0000000000000000", "CapAmb:\t0000000000001000", "capabilities 1000")]
    [InlineData("NoNewPrivs:\t1", "NoNewPrivs:\t0", "a way to new privileges")]
    public void WhateverIsLeftIsNamed(string instead, string of, string surplus) =>
        Assert.Equal(surplus, ThreadRights.Parse(Nothing.Replace(instead, of, StringComparison.Ordinal)).Surplus(7, 8));

    [Fact]
    public void ThreadsOfThisProcessAreRead()
    {
        IReadOnlyList<ThreadRights> all = ThreadRights.OfAll();
        Assert.NotEmpty(all);
        Assert.All(all, static rights => Assert.Equal(4, rights.Users.Split('\t').Length));
    }
}
