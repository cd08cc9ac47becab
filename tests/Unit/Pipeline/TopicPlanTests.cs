using FlowPipe.Core;
using FlowPipe.Core.Administration;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.Routing;
using FlowPipe.Core.Sessions;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Topics;

namespace FlowPipe.Tests.Unit.Pipeline;

public sealed class TopicPlanTests
{
    [Theory]
    [InlineData(1, 12, 1, "1")]
    [InlineData(2, 12, 2, "1")]
    [InlineData(3, 12, 3, "2")]
    [InlineData(9, 27, 3, "2")]
    public void NumbersFitTheCluster(int brokers, int partitions, int replication, string inSync)
    {
        TopicDefinition records = Plan(TopicRole.Spi, new TopicSettings(), brokers).Topic;
        Assert.Equal(
            (partitions, replication, inSync),
            (records.Partitions, records.Replication, records.Properties["min.insync.replicas"])
        );
        TopicDefinition others = Plan(TopicRole.Runs, new TopicSettings(), brokers).Topic;
        Assert.Equal((1, replication), (others.Partitions, others.Replication));
    }

    [Fact]
    public void OnlyWhatIsAskedForByItsKeyIsCompacted()
    {
        foreach (TopicRole role in Enum.GetValues<TopicRole>())
            Assert.Equal(
                role is TopicRole.Checkpoints or TopicRole.Files ? "compact" : "delete",
                Plan(role, new TopicSettings(), 1).Topic.Properties["cleanup.policy"]
            );
        foreach (TopicRole role in (TopicRole[])[TopicRole.Spi, TopicRole.Stats, TopicRole.Dlq, TopicRole.Runs])
        foreach (string policy in (string[])["compact", "compact,delete", "Delete,Compact"])
            Assert.Contains(
                "would lose records",
                Assert.Throws<FlowPipeException>(() => Plan(role, new TopicSettings { Config = [$"cleanup.policy={policy}"] }, 1)).Message,
                StringComparison.Ordinal
            );
        Assert.Throws<FlowPipeException>(() =>
            Plan(TopicRole.Checkpoints, new TopicSettings { Config = ["cleanup.policy=compact,delete"] }, 1)
        );
        Assert.Contains(
            "is more than the 1 replicas",
            Assert
                .Throws<FlowPipeException>(() => Plan(TopicRole.Spi, new TopicSettings { Config = ["min.insync.replicas=2"] }, 1))
                .Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void WhatIsMoreThanWasWantedIsNoDifferenceUnlessItWasAskedFor()
    {
        PlannedTopic usual = Plan(TopicRole.Spi, new TopicSettings(), 3);
        var properties = new Dictionary<string, string>(usual.Topic.Properties, StringComparer.Ordinal)
        {
            ["retention.ms"] = "-1",
            ["max.message.bytes"] = "10000000",
            ["min.insync.replicas"] = "3",
        };
        var found = new TopicDefinition("t", 24, 4, properties);
        Assert.Empty(usual.Differences(found));
        PlannedTopic asked = Plan(
            TopicRole.Spi,
            new TopicSettings
            {
                Partitions = 12,
                Replication = 3,
                Config = ["retention.ms=604800000", "max.message.bytes=", "min.insync.replicas=2"],
            },
            3
        );
        Assert.Equal(
            [
                "partitions: 24, wanted 12",
                "replication: 4, wanted 3",
                "min.insync.replicas: 3, wanted 2",
                "retention.ms: -1, wanted 604800000",
            ],
            asked.Differences(found)
        );
        properties.Remove("cleanup.policy");
        properties["retention.ms"] = "5";
        properties["max.message.bytes"] = "much";
        Assert.Equal(
            [
                "partitions: 2, wanted 12 or more",
                "replication: 1, wanted 3 or more",
                "cleanup.policy: unknown to these brokers, wanted delete",
                "max.message.bytes: much, wanted 1048588 or more",
                "retention.ms: 5, wanted 604800000 or more",
            ],
            usual.Differences(new TopicDefinition("t", 2, 1, properties))
        );
    }

    [Fact]
    public void TopicsAreThoseThatARunWouldUse()
    {
        var settings = new FlowPipeSettings
        {
            To = ["kafka://a:1,b:2/spi?format=avro", "ndjson:-", "kafka://c:3/other", "kafka://a:1,b:2/more", "kafka://embedded/x"],
            Stats = new StatsSettings { Topic = "figures" },
            Records = new RecordSettings { Routes = [Route.TryParse("web?protocol=http")!, Route.TryParse("more?tag=x")!] },
            Manifest = new ManifestSettings { Topic = "" },
        };
        IReadOnlyList<ClusterTopics> clusters = TopicPlan.Of(settings, null);
        Assert.Equal(["a:1,b:2", "c:3"], clusters.Select(static cluster => cluster.Brokers));
        Assert.Equal(
            ["spi", "more", "web", "figures", "flowpipe.dlq.v1", "flowpipe.checkpoints.v1", "flowpipe.files.v1"],
            clusters[0].Topics.Select(static topic => topic.Name)
        );
        ClusterTopics elsewhere = Assert.Single(TopicPlan.Of(settings, "d:4"));
        Assert.Equal("d:4", elsewhere.Brokers);
        Assert.Equal(
            ["spi", "other", "more"],
            elsewhere.Topics.Where(static one => one.Role == TopicRole.Spi).Select(static one => one.Name)
        );
        Assert.Equal("flowpipe.spi.v1", Assert.Single(TopicPlan.Of(new FlowPipeSettings(), "d:4")).Topics[0].Name);
    }

    [Theory]
    [InlineData("there is no cluster")]
    [InlineData("write HOST:PORT", "--brokers", "a:1/topic")]
    [InlineData("write HOST:PORT", "--brokers", "embedded")]
    [InlineData("--timeout must be", "--brokers", "a:1", "--timeout", "0")]
    [InlineData("topics.spi.config", "--brokers", "a:1", "--set", "topics.spi.config=cleanup")]
    [InlineData("topics.runs.partitions", "--brokers", "a:1", "--set", "topics.runs.partitions=-1")]
    public async Task WrongUsageIsSaid(string words, params string[] args)
    {
        foreach (string command in (string[])["create", "check"])
            (await CommandRun.OfAsync(["topics", command, .. args])).AssertFailed(2, words);
    }

    [Fact]
    public async Task ABrokerThatCantBeAdministratedIsSaidSo()
    {
        using var kafka = new EmbeddedKafka(); // librdkafka's cluster knows nothing of topics' properties
        kafka.CreateTopic("flowpipe.spi.v1");
        CommandRun run = await CommandRun.OfAsync("topics", "check", "--brokers", kafka.BootstrapServers, "--timeout", "2");
        run.AssertFailed(1, kafka.BootstrapServers);
        Assert.DoesNotContain("unexpected", run.Error, StringComparison.Ordinal);
    }

    private static PlannedTopic Plan(TopicRole role, TopicSettings settings, int brokers) => new(role, "t", settings, brokers);
}
