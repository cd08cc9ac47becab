using FlowPipe.Tests.Unit.EndToEnd;

namespace FlowPipe.Tests.Kafka.Faults;

/// <summary>One of three brokers fails in mid-replay, or the leader changes: the others go on, and nothing is lost or doubled.</summary>
public sealed class ReplicaTests(ThreeBrokers kafka) : IClassFixture<ThreeBrokers>
{
    private const int PacketsPerSecond = 2_000;

    [Fact]
    public async Task LeaderChanges()
    {
        FaultedKafka.OnlyInCampaign();
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        await using FaultRun run = FaultRun.Start(kafka.SinkOf(topic), PacketsPerSecond, FaultedKafka.SmallQueue);
        await run.DeliversAsync();
        foreach (string replicas in (string[])["1,2,3", "2,3,1", "3,1,2"])
        {
            await MoveLeadersAsync(topic, replicas);
            await run.DeliversAsync();
        }
        await ArrivesOnceAsync(run, topic, linesMax: 1);
    }

    [Fact]
    public async Task BrokerKilled()
    {
        FaultedKafka.OnlyInCampaign();
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        await using FaultRun run = FaultRun.Start(kafka.SinkOf(topic), PacketsPerSecond, FaultedKafka.SmallQueue);
        await run.DeliversAsync();
        // Each in turn, and each leads one of the three partitions.
        foreach (string broker in (string[])["1", "2", "3"])
        {
            await kafka.ControlAsync("kill", broker);
            await run.DeliversAsync(500);
            await FaultedKafka.LastsAsync(10);
            await kafka.ControlAsync("start");
            await run.DeliversAsync(500);
        }
        await ArrivesOnceAsync(run, topic, linesMax: 12, "127.0.0.1");
    }

    [Fact]
    public async Task BrokerHangs()
    {
        FaultedKafka.OnlyInCampaign();
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        await using FaultRun run = FaultRun.Start(
            kafka.SinkOf(topic),
            PacketsPerSecond,
            FaultedKafka.SmallQueue,
            "kafka.socket.timeout.ms=5000"
        );
        await run.DeliversAsync();
        await kafka.ControlAsync("pause", "2");
        await FaultedKafka.LastsAsync(60);
        await kafka.ControlAsync("resume", "2");
        await run.DeliversAsync(500);
        await ArrivesOnceAsync(run, topic, linesMax: 12);
    }

    /// <summary>A topic that wants all three replicas, when there are two: its records wait, none is taken by two alone.</summary>
    [Fact]
    public async Task FewerReplicasThanMinInsync()
    {
        FaultedKafka.OnlyInCampaign();
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync("min.insync.replicas=3");
        await using FaultRun run = FaultRun.Start(kafka.SinkOf(topic), PacketsPerSecond, FaultedKafka.SmallQueue);
        await run.DeliversAsync();
        await kafka.ControlAsync("stop", "3");
        await run.SaysAsync("no record was acknowledged");
        await FaultedKafka.LastsAsync(30);
        await kafka.ControlAsync("start");
        await run.DeliversAsync(2_000);
        await ArrivesOnceAsync(run, topic, linesMax: 6, "min.insync.replicas", "acknowledged again");
    }

    private async Task ArrivesOnceAsync(FaultRun run, string topic, int linesMax, params string[] words)
    {
        FaultResult result = (await run.EndAsync()).Accounts(linesMax, words);
        result.Program.Succeeded();
        Assert.Equal(result.Made, result.Delivered);
        Assert.Equal(await run.ExpectedIdsAsync(), await kafka.IdsAsync(topic));
    }

    /// <summary>Makes the first of these replicas the leader of all partitions.</summary>
    private async Task MoveLeadersAsync(string topic, string replicas)
    {
        IEnumerable<string> partitions = Enumerable
            .Range(0, 3)
            .Select(partition => $$"""{"topic":"{{topic}}","partition":{{partition}},"replicas":[{{replicas}}]}""");
        string plan = Path.Combine(kafka.Folder, $"{topic}.json");
        await File.WriteAllTextAsync(plan, $$"""{"version":1,"partitions":[{{string.Join(',', partitions)}}]}""");
        await kafka.ToolAsync("reassign-partitions", "--reassignment-json-file", plan, "--execute");
        await kafka.ToolAsync("leader-election", "--election-type", "preferred", "--all-topic-partitions");
        ProgramResult now = await kafka.ToolAsync("topics", "--describe", "--topic", topic);
        Assert.Equal(3, now.Lines.Count(line => line.Contains($"Leader: {replicas[0]}", StringComparison.Ordinal)));
    }
}
