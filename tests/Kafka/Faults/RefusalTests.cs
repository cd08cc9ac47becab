using FlowPipe.Tests.Unit.EndToEnd;
using FlowPipe.Tests.Unit.TestSupport;

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
        string letters = await kafka.CreateTopicAsync();
        await using FaultRun run = FaultRun.Start(
            kafka.SinkOf(topic),
            PacketsPerSecond,
            FaultedKafka.SmallQueue,
            $"deadLetters.topic={letters}",
            "kafka.topic.metadata.propagation.max.ms=1000",
            "kafka.topic.metadata.refresh.interval.ms=500"
        );
        await run.DeliversAsync();
        await kafka.ToolAsync("topics", "--delete", "--topic", topic);
        await run.SaysAsync("not delivered");
        FaultResult result = (await run.EndAsync()).Accounts(8, "the topic does not exist");
        result.Program.Ended(1);
        Assert.Equal(result.Made, result.Delivered + result.DeadLettered);
        Assert.True(result.DeadLettered > 0);
        // Those that were acknowledged have gone with the topic; the others are dead letters.
        string[] dead = await kafka.IdsAsync(letters);
        Assert.Equal(result.DeadLettered, dead.Length);
        Assert.Empty(dead.Except(await run.ExpectedIdsAsync()));
    }

    [Fact]
    public async Task RecordTooLargeForTheTopic()
    {
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync("max.message.bytes=20000");
        string letters = await kafka.CreateTopicAsync();
        await using FaultRun run = FaultRun.Start(
            kafka.SinkOf(topic),
            PacketsPerSecond,
            $"deadLetters.topic={letters}",
            "kafka.compression.codec=none"
        );
        await run.DeliversAsync();
        // The broker refuses whole batches: those that came with the large one, and the large batches of small ones that follow.
        await run.FeedLargeAsync(5_000);
        await run.FeedMoreAsync(1_000);
        FaultResult result = (await run.EndAsync()).Accounts(6, "max.message.bytes");
        result.Program.Ended(1);
        Assert.Equal((1, result.Made - 1), (result.DeadLettered, result.Delivered));
        string[] read = await kafka.IdsAsync(topic);
        Assert.Equal(result.Delivered, read.Length);
        Assert.Equal((await run.ExpectedIdsAsync()).Except(read), await kafka.IdsAsync(letters));
    }

    [Fact]
    public async Task RightTakenAway()
    {
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        using var folder = new TemporaryFolder();
        string[] rights = ["--allow-principal", "User:flowpipe", "--operation", "Write", "--operation", "Describe", "--topic", topic];
        await kafka.ToolAsync(["acls", "--add", .. rights]);
        await using FaultRun run = FaultRun.Start(
            $"kafka://{kafka.Listener(Plaintext)}/{topic}",
            PacketsPerSecond,
            [FaultedKafka.SmallQueue, $"deadLetters.dir={folder.Path}", .. Credentials("flowpipe-secret")]
        );
        await run.DeliversAsync();
        await kafka.ToolAsync(["acls", "--remove", "--force", .. rights]);
        await run.SaysAsync("not delivered");
        FaultResult result = (await run.EndAsync()).Accounts(8, "needs WRITE and DESCRIBE", "dead-letters.jsonl");
        result.Program.Ended(1);
        Assert.True(result.DeadLettered > 0);
        // Nor is the topic of dead letters ours: they are in the file.
        string[] letters = await File.ReadAllLinesAsync(
            Path.Combine(folder.Path, "dead-letters.jsonl"),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(result.DeadLettered, letters.Length);
        string[] read = await kafka.IdsAsync(topic);
        Assert.Equal((result.Delivered, result.Made), (read.Length, read.Length + letters.Length));
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
