using FlowPipe.Tests.Unit.EndToEnd;

namespace FlowPipe.Tests.Kafka.Faults;

/// <summary>Brokers that answer, and refuse: the topic is gone, the record too large, the right taken away, the password wrong.</summary>
public sealed class RefusalTests(SecureBroker kafka) : IClassFixture<SecureBroker>
{
    private const int PacketsPerSecond = 1_000;
    private const int Plaintext = 300;

    [Fact]
    public async Task TopicDeleted()
    {
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        await using FaultRun run = FaultRun.Start(
            kafka.SinkOf(topic),
            PacketsPerSecond,
            FaultedKafka.SmallQueue,
            "kafka.topic.metadata.propagation.max.ms=1000",
            "kafka.topic.metadata.refresh.interval.ms=500"
        );
        await run.DeliversAsync();
        await kafka.ToolAsync("topics", "--delete", "--topic", topic);
        await run.SaysAsync("not delivered");
        FaultResult result = (await run.EndAsync()).Accounts(8, "the topic does not exist");
        result.Program.Ended(1);
        Assert.True(result.Failed > 0);
    }

    [Fact]
    public async Task RecordTooLargeForTheTopic()
    {
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync("max.message.bytes=20000");
        await using FaultRun run = FaultRun.Start(
            kafka.SinkOf(topic),
            PacketsPerSecond,
            "kafka.batch.size=10000",
            "kafka.compression.codec=none"
        );
        await run.DeliversAsync();
        await run.FeedLargeAsync(5_000);
        await run.FeedMoreAsync(1_000);
        FaultResult result = (await run.EndAsync()).Accounts(4, "max.message.bytes");
        result.Program.Ended(1);
        Assert.Equal(1, result.Failed);
        string[] read = await kafka.IdsAsync(topic);
        Assert.Equal(result.Delivered, read.Length);
        Assert.Single((await run.ExpectedIdsAsync()).Except(read));
    }

    [Fact]
    public async Task RightTakenAway()
    {
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        string[] rights = ["--allow-principal", "User:flowpipe", "--operation", "Write", "--operation", "Describe", "--topic", topic];
        await kafka.ToolAsync(["acls", "--add", .. rights]);
        await using FaultRun run = FaultRun.Start(
            $"kafka://{kafka.Listener(Plaintext)}/{topic}",
            PacketsPerSecond,
            [FaultedKafka.SmallQueue, .. Credentials("flowpipe-secret")]
        );
        await run.DeliversAsync();
        await kafka.ToolAsync(["acls", "--remove", "--force", .. rights]);
        await run.SaysAsync("not delivered");
        FaultResult result = (await run.EndAsync()).Accounts(8, "needs WRITE and DESCRIBE");
        result.Program.Ended(1);
        Assert.True(result.Failed > 0);
        string[] read = await kafka.IdsAsync(topic);
        Assert.Equal(result.Delivered, read.Length);
        Assert.Equal(read.Distinct(), read);
    }

    [Fact]
    public async Task WrongPassword()
    {
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        string sink = $"kafka://{kafka.Listener(Plaintext)}/{topic}";
        await using FaultRun run = FaultRun.Start($"{sink}?timeout=3", PacketsPerSecond, Credentials("hunter2-hunter2"));
        await run.BreaksOffAsync();
        ProgramResult result = (await run.EndAsync()).Tells(2).Program;
        result.Said(1, sink, "Authentication failed", "credentials").WithoutBug();
        Assert.DoesNotContain("hunter2", result.Error, StringComparison.Ordinal);
        Assert.Empty(await kafka.IdsAsync(topic));
    }

    private static string[] Credentials(string password) =>
        [
            "kafka.security.protocol=SASL_PLAINTEXT",
            "kafka.sasl.mechanism=PLAIN",
            "kafka.sasl.username=flowpipe",
            $"kafka.sasl.password={password}",
        ];
}
