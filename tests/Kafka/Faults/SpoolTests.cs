using FlowPipe.Tests.Unit.EndToEnd;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Kafka.Faults;

/// <summary>The only broker goes away, and records have a spool to go to.</summary>
public sealed class SpoolTests(OneBroker kafka) : IClassFixture<OneBroker>
{
    private const int PacketsPerSecond = 2_000;
    private const string GoThere = "records go to the spool";
    private const string ComeBack = "the spool is empty again";

    [Fact]
    public async Task BrokerDownForLongerThanMessagesMayTake()
    {
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        using var folder = new TemporaryFolder();
        await using FaultRun run = FaultRun.Start(kafka.SinkOf(topic), PacketsPerSecond, Settings(folder.Path));
        await run.DeliversAsync();
        await kafka.ControlAsync("kill", "1");
        await run.SaysAsync(GoThere);
        await FaultedKafka.LastsAsync(30);
        await kafka.ControlAsync("start");
        await run.SaysAsync(ComeBack);
        FaultResult result = (await run.EndAsync()).Accounts(10, "Connection refused");
        result.Program.Succeeded();
        Assert.Equal(result.Made, result.Delivered);
        await AllAreThereAsync(run, topic);
    }

    [Fact]
    public async Task BrokerDownAtStart()
    {
        FaultedKafka.OnlyInCampaign();
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        await kafka.ControlAsync("stop");
        using var folder = new TemporaryFolder();
        string sink = kafka.SinkOf(topic);
        await using FaultRun run = FaultRun.Start(
            $"{sink}?timeout=2",
            PacketsPerSecond,
            [.. Settings(folder.Path), "drainDeadline=5"]
        );
        await run.SaysAsync(GoThere);
        FaultResult first = (await run.EndAsync()).Accounts(10, "left in the spool");
        first.Program.Ended(1);
        Assert.Equal((first.Made, 0), (first.Spooled, first.Delivered));

        // The next run sends them before its own.
        await kafka.ControlAsync("start");
        await using FaultRun next = FaultRun.Start(sink, PacketsPerSecond, [.. Settings(folder.Path), "--node=other"]);
        await next.DeliversAsync();
        FaultResult second = (await next.EndAsync()).Accounts(4, $"{first.Spooled} records were delivered");
        second.Program.Succeeded();
        Assert.Equal(first.Made + second.Made, (await kafka.IdsAsync(topic)).Length);
        Assert.Empty((await run.ExpectedIdsAsync()).Except(await kafka.IdsAsync(topic)));
    }

    /// <summary>A disk of 2 MB: what makes records waits until there is room again.</summary>
    [Fact]
    public async Task DiskFull()
    {
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        using var folder = new TemporaryFolder();
        await using FaultRun run = await StartOnSmallDiskAsync(topic, folder.Path, "spool.onFull=wait");
        await run.DeliversAsync();
        await kafka.ControlAsync("kill", "1");
        await run.SaysAsync("there is no room");
        await FaultedKafka.LastsAsync(10);
        await kafka.ControlAsync("start");
        await run.SaysAsync(ComeBack);
        FaultResult result = (await run.EndAsync()).Accounts(12, "No space left on device", "records wait");
        result.Program.Succeeded();
        Assert.Equal(result.Made, result.Delivered);
        await AllAreThereAsync(run, topic);
    }

    /// <summary>The same, and nobody waits: what finds no room is counted.</summary>
    [Fact]
    public async Task DiskFullAndNewRecordsAreDropped()
    {
        FaultedKafka.OnlyInCampaign();
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        using var folder = new TemporaryFolder();
        await using FaultRun run = await StartOnSmallDiskAsync(topic, folder.Path, "spool.onFull=dropNewest");
        await run.DeliversAsync();
        await kafka.ControlAsync("kill", "1");
        await run.SaysAsync("there is no room");
        await FaultedKafka.LastsAsync(10);
        await kafka.ControlAsync("start");
        await run.SaysAsync(ComeBack);
        FaultResult result = (await run.EndAsync()).Accounts(12, "No space left on device", "are dropped");
        result.Program.Ended(1);
        Assert.True(result.Evicted > 0);
        Assert.Equal(result.Made, result.Delivered + result.Evicted);
        string[] read = await kafka.IdsAsync(topic);
        Assert.Empty(read.Except(await run.ExpectedIdsAsync()));
        Assert.InRange(read.Distinct().Count(), result.Delivered, result.Made);
    }

    private static string[] Settings(string folder) =>
        [FaultedKafka.SmallQueue, $"spool.dir={folder}", "spool.use=always", "kafka.message.timeout.ms=2000"];

    /// <summary>Starts a replay whose spool is on a disk of its own, which only it sees.</summary>
    private async Task<FaultRun> StartOnSmallDiskAsync(string topic, string folder, string setting)
    {
        string[] mount = ["--mount", "sh", "-c", $"mount -t tmpfs -o size=2m flowpipe-test {folder} && exec \"$@\"", "sh"];
        using var probe = new ProgramRun("unshare", [.. mount, "true"]);
        Assert.SkipUnless((await probe.EndAsync()).Status == 0, "a file system of limited size can't be mounted here: that takes root");
        return FaultRun.StartUnder(["unshare", .. mount], kafka.SinkOf(topic), PacketsPerSecond, [.. Settings(folder), setting]);
    }

    /// <summary>All are there. A record that went to the spool because its time was over may have been taken before: the spool delivers at least once.</summary>
    private async Task AllAreThereAsync(FaultRun run, string topic) =>
        Assert.Equal(await run.ExpectedIdsAsync(), (await kafka.IdsAsync(topic)).Distinct());
}
