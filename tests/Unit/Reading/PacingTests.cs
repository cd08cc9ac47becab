using FlowPipe.Core.Reading;
using FlowPipe.Core.Reading.Pacing;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

public sealed class PacingTests : IDisposable
{
    private const long Second = 1_000_000_000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("max", "max")]
    [InlineData("1x", "1x")]
    [InlineData("0.5X", "0.5x")]
    [InlineData("5000pps", "5000pps")]
    [InlineData(" 5000 pps ", "5000pps")]
    public void SpeedsAreRead(string text, string shown)
    {
        Assert.True(ReplaySpeed.TryParse(text, out ReplaySpeed? speed));
        Assert.Equal(shown, speed.ToString());
        Assert.Equal(shown == "max", speed.IsMax);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("0x")]
    [InlineData("-1x")]
    [InlineData("1e3x")]
    [InlineData("NaNx")]
    [InlineData("10")]
    [InlineData("0pps")]
    [InlineData("99999999999pps")]
    public void WhatIsNoSpeedIsRefused(string text) => Assert.False(ReplaySpeed.TryParse(text, out _));

    [Fact]
    public void PacketsAreDueByTheirTime()
    {
        var schedule = new PaceSchedule(Speed("10x"));
        Assert.Equal(0, schedule.Next(100 * Second, 0).TotalSeconds);
        Assert.Equal(0.5, schedule.Next(105 * Second, 0).TotalSeconds);
        Assert.Equal(0.5, schedule.Next(103 * Second, 0).TotalSeconds); // one that comes late is not waited for
        Assert.Equal(1, schedule.Next(110 * Second, 0).TotalSeconds);
    }

    [Fact]
    public void PacketsAreDueByTheirNumber()
    {
        var schedule = new PaceSchedule(Speed("4pps"));
        Assert.Equal(
            [0, 0.25, 0.5],
            [schedule.Next(7, 0).TotalSeconds, schedule.Next(0, 0).TotalSeconds, schedule.Next(9 * Second, 1).TotalSeconds]
        );
    }

    [Theory]
    [InlineData(30, 40)] // a rotated capture goes on
    [InlineData(3600, 10)] // another day
    [InlineData(-3600, 10)]
    public void ASourceIsWaitedForOnlyWhereItGoesOn(int beginsAfterSeconds, int due)
    {
        var schedule = new PaceSchedule(Speed("1x"));
        schedule.Next(1000 * Second, 0);
        Assert.Equal(10, schedule.Next(1010 * Second, 0).TotalSeconds);
        Assert.Equal(due, schedule.Next((1010 + beginsAfterSeconds) * Second, 1).TotalSeconds);
        Assert.Equal(due + 2, schedule.Next((1012 + beginsAfterSeconds) * Second, 1).TotalSeconds);
    }

    [Fact]
    public async Task PacedOrNotThePacketsAreTheSame()
    {
        string capture = Capture(1_000, 100_000_000);
        ReadBack paced = await ReadBack.RunAsync(Settings(capture) with { Speed = Speed("1000x") }, TestContext.Current.CancellationToken);
        ReadBack plain = await ReadBack.RunAsync(Settings(capture), TestContext.Current.CancellationToken);
        Assert.Equal(plain.Packets.Select(static packet => packet.Offset), paced.Packets.Select(static packet => packet.Offset));
        Assert.Equal(1_000, paced.Counts.Packets);
    }

    [Fact]
    public async Task AStopWaitsNoLongerAndLeavesOutNothingThatWasRead()
    {
        // A packet an hour: without a stop it would take weeks.
        string capture = Capture(1_000, 3_600 * Second);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task<ReadBack> reading = ReadBack.RunAsync(Settings(capture) with { Speed = Speed("1x") }, stop.Token);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(reading.IsCompleted);
        await stop.CancelAsync();
        ReadBack read = await reading;
        Assert.Equal(read.Counts.Packets, read.Packets.Count);
        Assert.InRange(read.Packets.Count, 0, 999);
    }

    private static ReplaySpeed Speed(string text) =>
        ReplaySpeed.TryParse(text, out ReplaySpeed? speed) ? speed : throw new ArgumentException(text);

    private static FileReaderSettings Settings(string capture) => new() { Inputs = [new CaptureInput(capture)] };

    private string Capture(int packets, long apartNs)
    {
        var builder = new PcapBuilder();
        for (int i = 0; i < packets; i++)
            builder.Add(new CapturedPacket(Second + i * apartNs, [1, 2, 3, 4]));
        string path = Path.Combine(_folder.Path, "paced.pcap");
        File.WriteAllBytes(path, builder.ToArray());
        return path;
    }
}
