using System.Text.Json;
using FlowPipe.Tests.Unit.EndToEnd;

namespace FlowPipe.Tests.Kafka;

/// <summary><c>flowpipe topics</c> on a real Kafka; Kafka's own tools say what came of it.</summary>
public sealed class TopicsTests(SharedCluster cluster)
{
    private static readonly string[] Others = ["stats", "dlq", "runs", "checkpoints", "files"];
    private static readonly string[] Properties =
    [
        "cleanup.policy=delete",
        "message.timestamp.type=LogAppendTime",
        "min.insync.replicas=1",
        "retention.ms=604800000",
        "max.message.bytes=1048588",
    ];

    [Fact]
    public async Task TopicsAreCreatedOnceAndThenAsTheyShouldBe()
    {
        RealKafka kafka = await cluster.KafkaAsync();
        const string Topic = "created";
        string[] to = ["--to", $"kafka://{kafka.Address}/{Topic}"];
        Assert.Contains($"{Topic}: missing", (await Executable.RunAsync(["topics", "check", .. to])).Ended(1).Lines);

        ProgramResult dry = (await Executable.RunAsync(["topics", "create", "--dry-run", .. to])).Succeeded();
        Assert.Contains(dry.Lines, static line => line.StartsWith($"{Topic}: would be created: partitions=12 ", StringComparison.Ordinal));
        Assert.DoesNotContain(Topic, await NamesAsync(kafka));

        ProgramResult create = (await Executable.RunAsync(["topics", "create", .. to])).Succeeded();
        Assert.Contains(
            create.Lines,
            static line => line.StartsWith($"{Topic}: created: partitions=12 replication=1 ", StringComparison.Ordinal)
        );
        string[] described = (await kafka.ToolAsync("topics", "--describe")).Succeeded().Lines;
        foreach (string words in (string[])["PartitionCount: 12", "ReplicationFactor: 1", .. Properties])
            Assert.Contains(words, Line(Topic), StringComparison.Ordinal);
        Assert.All(Others, role => Assert.Contains("PartitionCount: 1\t", Line($"flowpipe.{role}.v1"), StringComparison.Ordinal));
        foreach (string role in (string[])["checkpoints", "files"])
            Assert.Contains("cleanup.policy=compact", Line($"flowpipe.{role}.v1"), StringComparison.Ordinal);

        ProgramResult again = (await Executable.RunAsync(["topics", "create", .. to])).Succeeded();
        Assert.Equal([$"{Topic}: is there", .. Others.Select(static role => $"flowpipe.{role}.v1: is there")], again.Lines);
        ProgramResult check = (await Executable.RunAsync(["topics", "check", .. to])).Succeeded();
        Assert.Contains($"{Topic}: as it should be", check.Lines);
        (await Executable.RunAsync(["replay", "-r", Executable.Sample("ntp.pcap"), .. to])).Succeeded();

        string Line(string topic) => described.Single(line => line.StartsWith($"Topic: {topic}\tTopicId", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ATopicThatIsOtherwiseIsToldByEachDifference()
    {
        RealKafka kafka = await cluster.KafkaAsync();
        const string Topic = "otherwise";
        string[] to = ["--to", $"kafka://{kafka.Address}/{Topic}"];
        (
            await kafka.ToolAsync(
                "topics",
                "--create",
                "--topic",
                Topic,
                "--partitions",
                "2",
                "--config",
                "cleanup.policy=compact",
                "--config",
                "retention.ms=-1",
                "--config",
                "max.message.bytes=5000"
            )
        ).Succeeded();
        string[] differences =
        [
            "partitions: 2, wanted 12 or more",
            "cleanup.policy: compact, wanted delete",
            "max.message.bytes: 5000, wanted 1048588 or more",
            "message.timestamp.type: CreateTime, wanted LogAppendTime",
        ];
        ProgramResult check = (await Executable.RunAsync(["topics", "check", .. to])).Ended(1).WithoutBug();
        Assert.Equal(
            differences.Select(static difference => $"{Topic}: {difference}"),
            check.Lines.Where(static line => line.StartsWith($"{Topic}: ", StringComparison.Ordinal))
        );

        // What was asked for in so many words is wanted exactly.
        string[] wanted =
        [
            "--set",
            "topics.spi.partitions=2",
            "--set",
            "topics.spi.config=retention.ms=60000 message.timestamp.type=CreateTime max.message.bytes=",
        ];
        check = (await Executable.RunAsync(["topics", "check", .. to, .. wanted])).Ended(1);
        Assert.Equal(
            [$"{Topic}: cleanup.policy: compact, wanted delete", $"{Topic}: retention.ms: -1, wanted 60000"],
            check.Lines.Where(static line => line.StartsWith($"{Topic}: ", StringComparison.Ordinal))
        );

        // It is not for us to change it.
        ProgramResult create = (await Executable.RunAsync(["topics", "create", .. to])).Succeeded();
        Assert.Contains($"{Topic}: is there and stays as it is, but differs: {string.Join("; ", differences)}", create.Lines);
    }

    [Fact]
    public async Task WhatCantBeDoneIsSaidInASentence()
    {
        RealKafka kafka = await cluster.KafkaAsync();
        string[] create = ["topics", "create", "--to", $"kafka://{kafka.Address}/impossible"];
        (await Executable.RunAsync([.. create, "--set", "topics.spi.replication=3"]))
            .Said(1, "kafka://", "/impossible: it can't be created", "Brokers that are up: 1", "topics.", "replication")
            .WithoutBug();
        (await Executable.RunAsync([.. create, "--dry-run", "--set", "topics.spi.replication=3"]))
            .Said(1, "it can't be created")
            .WithoutBug();
        (await Executable.RunAsync([.. create, "--set", "topics.spi.config=nonsense=1"])).Said(1, "nonsense", "under topics").WithoutBug();
        Assert.DoesNotContain("impossible", await NamesAsync(kafka));

        string[] password =
        [
            "--set",
            "kafka.security.protocol=SASL_PLAINTEXT",
            "--set",
            "kafka.sasl.mechanism=PLAIN",
            "--set",
            "kafka.sasl.username=nobody",
        ];
        string to = $"kafka://{SharedCluster.Listener(kafka, 300)}/unauthorised";
        string[] stranger =
        [
            "--set",
            "kafka.security.protocol=SASL_PLAINTEXT",
            "--set",
            "kafka.sasl.mechanism=OAUTHBEARER",
            "--set",
            "kafka.enable.sasl.oauthbearer.unsecure.jwt=true",
            "--set",
            "kafka.sasl.oauthbearer.config=principal=stranger",
        ];
        foreach (string command in (string[])["create", "check"])
            (await Executable.RunAsync(["topics", command, "--to", to, .. stranger]))
                .Said(1, "/unauthorised: ", "authorization failed", "needs DESCRIBE")
                .WithoutBug();
        ProgramResult wrong = await Executable.RunAsync([
            "topics",
            "create",
            "--timeout",
            "3",
            "--to",
            to,
            .. password,
            "--set",
            "kafka.sasl.password=not-the-secret",
        ]);
        wrong.Said(1, "no answer from the brokers", "Authentication failed").WithoutBug();
        Assert.DoesNotContain("not-the-secret", wrong.Error + wrong.Out, StringComparison.Ordinal);
    }

    private static async Task<string[]> NamesAsync(RealKafka kafka)
    {
        using var kcat = new ProgramRun("kcat", ["-L", "-J", "-b", kafka.Address]);
        JsonElement cluster = JsonElement.Parse((await kcat.EndAsync()).Succeeded().Out);
        return [.. cluster.GetProperty("topics").EnumerateArray().Select(static topic => topic.GetProperty("topic").GetString()!)];
    }
}
