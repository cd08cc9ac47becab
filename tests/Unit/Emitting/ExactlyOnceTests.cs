using CsCheck;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.DeadLetters;
using FlowPipe.Core.Emitting.Routing;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Emitting;

/// <summary>A replay that is killed and repeated: each record is committed once, and they are those of a run that was not.</summary>
public sealed class ExactlyOnceTests
{
    private static readonly SessionSettings Settings = new() { UdpTimeout = 10, HashSeed = 1 };

    [Fact]
    public void KilledAndRepeatedEachRecordIsCommittedOnce() =>
        Gen.Select(Gen.Int[0, 10_000], Gen.Int[1, 5], Gen.Int[1, 60], Gen.Int[0, 4].Array[1, 6])
            .Sample(
                (seed, partitions, every, fates) =>
                {
                    MemorySource[] sources = Sources(seed);
                    var expected = new CommittedTopic();
                    Assert.Null(RunOnce(sources, expected, partitions, 1_000_000, [7], _ => CommitFate.Committed));
                    var topic = new CommittedTopic();
                    var random = new Random(seed);
                    for (int run = 0; run < 50; run++)
                    {
                        int[] batches = [random.Next(1, 30), random.Next(1, 30)];
                        int calm = random.Next(0, 5);
                        // What is aborted for ever is sent for ever: files wait.
                        CommitFate FateOf(int attempt) =>
                            attempt <= calm || attempt % 3 == 0 || run == 49
                                ? CommitFate.Committed
                                : (CommitFate)(fates[(attempt + run) % fates.Length] % 4);
                        if (RunOnce(sources, topic, partitions, every, batches, FateOf) is null)
                            break;
                    }
                    Assert.True(topic.Checkpoint!.Last);
                    Assert.Equal(expected.Records.Count, topic.Checkpoint.Records);
                    Assert.Equal(Sorted(expected), Sorted(topic));
                },
                iter: 60,
                seed: "0000KxW6tX3a",
                threads: 1
            );

    [Fact]
    public void WhatIsCommittedIsNotMadeAgain()
    {
        var topic = new CommittedTopic();
        Assert.Null(RunOnce(Sources(1), topic, 2, 20, [7], _ => CommitFate.Committed));
        int records = topic.Records.Count;
        int commits = topic.Commits;
        Assert.True(commits > 5, $"{commits} commits");
        Assert.Null(RunOnce(Sources(1), topic, 2, 20, [3], _ => CommitFate.Committed));
        Assert.Equal((records, commits), (topic.Records.Count, topic.Commits));
    }

    [Fact]
    public void OtherPacketsAreRefused()
    {
        var topic = new CommittedTopic();
        Assert.NotNull(RunOnce(Sources(1), topic, 2, 20, [7], attempt => attempt == 4 ? CommitFate.KilledAfter : CommitFate.Committed));
        int records = topic.Records.Count;
        Exception? e = RunOnce(Sources(2), topic, 2, 20, [7], _ => CommitFate.Committed);
        Assert.Contains("captures were changed", Assert.IsType<FlowPipeException>(e).Message, StringComparison.Ordinal);
        MemorySource[] shorter = [Sources(1)[0] with { Packets = Sources(1)[0].Packets.Take(30).ToArray() }];
        e = RunOnce(shorter, topic, 2, 20, [7], _ => CommitFate.Committed);
        Assert.Contains("30 were read", Assert.IsType<FlowPipeException>(e).Message, StringComparison.Ordinal);
        Assert.Equal(records, topic.Records.Count);
    }

    [Fact]
    public void AnotherRunIsRefused()
    {
        var topic = new CommittedTopic();
        Assert.NotNull(RunOnce(Sources(1), topic, 2, 20, [7], attempt => attempt == 4 ? CommitFate.KilledAfter : CommitFate.Committed));
        Exception? e = RunOnce(Sources(1), topic, 3, 20, [7], _ => CommitFate.Committed);
        Assert.Contains("it had 2 partitions and this run has 3", e!.Message, StringComparison.Ordinal);
        topic.Checkpoint = topic.Checkpoint! with { Forced = true };
        e = RunOnce(Sources(1), topic, 2, 20, [7], _ => CommitFate.Committed);
        Assert.Contains("limits forced sessions to end", e!.Message, StringComparison.Ordinal);
        topic.Checkpoint = topic.Checkpoint with
        {
            Forced = false,
            Run = topic.Checkpoint.Run with { Sources = ["a.pcap"], Configuration = ["x=1"] },
        };
        e = RunOnce(Sources(1), topic, 2, 20, [7], _ => CommitFate.Committed);
        Assert.Contains("then a.pcap, now nothing", e!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ATransactionThatIsRefusedForGoodEndsTheRun()
    {
        var topic = new CommittedTopic();
        Exception? e = RunOnce(Sources(1), topic, 2, 20, [7], _ => CommitFate.Aborted, refused: "not allowed");
        Assert.Contains("can't be committed: not allowed", Assert.IsType<FlowPipeException>(e).Message, StringComparison.Ordinal);
        Assert.Empty(topic.Records);
    }

    [Fact]
    public void WhatIsTooLargeIsADeadLetterInTheSameTransaction()
    {
        var expected = new CommittedTopic();
        Assert.Null(RunOnce(Sources(1), expected, 2, 1_000_000, [7], _ => CommitFate.Committed));
        long[] sizes = [.. expected.Messages.Select(static message => message.Size).Order()];
        Assert.True(sizes[0] < sizes[^1]);
        long limit = sizes[^1] - 1;
        var kafka = new Dictionary<string, string>(StringComparer.Ordinal) { ["message.max.bytes"] = $"{limit}" };
        var topic = new CommittedTopic();
        SinkCounts counts = new();
        Assert.Null(
            RunOnce(
                Sources(1),
                topic,
                2,
                20,
                [7],
                attempt => attempt == 3 ? CommitFate.Aborted : CommitFate.Committed,
                kafka: kafka,
                counted: found => counts = found
            )
        );
        string[] dead =
        [
            .. topic.Messages.Where(static message => message.Topic == "flowpipe.dlq.v1").Select(static message => message.Id),
        ];
        Assert.NotEmpty(dead);
        Assert.True(dead.Length < topic.Messages.Count);
        // Each record once: as it is, or as a dead letter.
        Assert.Equal(
            expected.Messages.Select(static message => message.Id).Order(StringComparer.Ordinal),
            topic.Messages.Select(static message => message.Id).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            (dead.Length, topic.Messages.Count - dead.Length, 0),
            (counts.DeadLettersByReason["too-large"], counts.Delivered, counts.Open)
        );
        // A new run makes nothing of it a second time.
        int committed = topic.Messages.Count;
        Assert.Null(RunOnce(Sources(1), topic, 2, 20, [7], _ => CommitFate.Committed, kafka: kafka));
        Assert.Equal(committed, topic.Messages.Count);
    }

    [Theory]
    [InlineData("flowpipe.dlq.v1")]
    [InlineData("")]
    public async Task WhatCanNotBeEncodedIsADeadLetterInTheSameTransactionOrEndsTheRun(string letters)
    {
        var settings = new SinkSettings
        {
            Schema = static () => TestRecords.Schema,
            DeadLetters = new DeadLetterSettings { Topic = letters },
        };
        var form = (KafkaSink)SinkFactory.Create("kafka://nowhere:1/records?format=doc", settings);
        var desk = new DeadLetterDesk(settings.DeadLetters, "test", KafkaMessageSize.MaxOf(settings.Kafka), settings.Warn);
        var topic = new CommittedTopic();
        var transactions = new MemoryTransactions(topic, static _ => CommitFate.Committed);
        await using var sink = new TransactionalKafkaSink(form, transactions, desk, Identity(1), 1 << 20, settings);
        await sink.OpenAsync(TestContext.Current.CancellationToken);
        SpiBatch batch = TestRecords.Batch(0, 3);
        batch.Records[1].JsonRange = default; // no document that an id could be put into
        if (letters.Length == 0)
        {
            FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(async () => await sink.WriteAsync(batch));
            Assert.Contains(TestRecords.IdOf(1).ToString(), e.Message, StringComparison.Ordinal);
            Assert.Contains("deadLetters.topic", e.Message, StringComparison.Ordinal);
            Assert.Empty(topic.Messages);
            return;
        }
        await sink.WriteAsync(batch);
        await sink.CommitAsync(new CommitPoint(3, 0, Last: true), forced: false);
        Assert.Equal(
            (string[])["records", letters, "records"],
            topic.Messages.OrderBy(static message => message.Id, StringComparer.Ordinal).Select(static message => message.Topic)
        );
        Assert.Equal(1, sink.Counts.DeadLettersByReason[DeadLetterReason.Unserialisable]);
        Assert.Equal((3, 2, 0), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Open));
    }

    [Fact]
    public void RoutesHoldInTransactions()
    {
        Route route = Route.TryParse("udp?protocol=udp&only=true")!;
        var topic = new CommittedTopic();
        Assert.Null(
            RunOnce(Sources(1), topic, 2, 20, [7], _ => CommitFate.Committed, routes: [route, Route.TryParse("copy?protocol=tcp")!])
        );
        ILookup<string, string> ids = topic.Messages.ToLookup(
            static message => message.Topic,
            static message => message.Id,
            StringComparer.Ordinal
        );
        Assert.NotEmpty(ids["udp"]);
        Assert.NotEmpty(ids["records"]);
        Assert.Equal(ids["records"], ids["copy"]);
        Assert.Empty(ids["udp"].Intersect(ids["records"]));
    }

    [Fact]
    public void AStopLeavesTheRestToTheNextRun()
    {
        var expected = new CommittedTopic();
        Assert.Null(RunOnce(Sources(3, 3_000), expected, 2, 1_000_000, [7], _ => CommitFate.Committed));
        var topic = new CommittedTopic();
        using var stop = new CancellationTokenSource();
        Assert.Null(
            RunOnce(
                Sources(3, 3_000),
                topic,
                2,
                20,
                [7],
                attempt =>
                {
                    if (attempt == 3)
                        stop.Cancel();
                    return CommitFate.Committed;
                },
                stopping: stop
            )
        );
        Assert.False(topic.Checkpoint!.Last);
        Assert.InRange(topic.Records.Count, 1, expected.Records.Count - 1);
        Assert.Null(RunOnce(Sources(3, 3_000), topic, 2, 20, [7], _ => CommitFate.Committed));
        Assert.Equal(Sorted(expected), Sorted(topic));
    }

    private static RunIdentity Identity(int partitions) =>
        new()
        {
            TransactionalId = "test",
            Sources = [],
            Configuration = [],
            Partitions = partitions,
            HashSeed = 1,
        };

    /// <summary>One run; what ended it early, if anything did.</summary>
    private static Exception? RunOnce(
        MemorySource[] sources,
        CommittedTopic topic,
        int partitions,
        int every,
        int[] batches,
        Func<int, CommitFate> fateOf,
        string? refused = null,
        CancellationTokenSource? stopping = null,
        Dictionary<string, string>? kafka = null,
        Route[]? routes = null,
        Action<SinkCounts>? counted = null
    )
    {
        RunIdentity run = Identity(partitions);
        var settings = new SinkSettings
        {
            Schema = () => FlowPipe.Schemas.SessionSchema.Json,
            Kafka = kafka ?? [],
            Routes = routes ?? [],
        };
        var form = (KafkaSink)SinkFactory.Create("kafka://nowhere:1/records?format=avro", settings);
        var desk = new DeadLetterDesk(settings.DeadLetters, "test", KafkaMessageSize.MaxOf(settings.Kafka), settings.Warn);
        var transactions = new MemoryTransactions(topic, fateOf) { RefusedForGood = refused };
        var sink = new TransactionalKafkaSink(form, transactions, desk, run, 1 << 20, settings);
        try
        {
            return RunAsync(sources, sink, partitions, every, batches, routes ?? [], stopping).GetAwaiter().GetResult();
        }
        finally
        {
            counted?.Invoke(sink.Counts);
            sink.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static async Task<Exception?> RunAsync(
        MemorySource[] sources,
        TransactionalKafkaSink sink,
        int partitions,
        int every,
        int[] batches,
        Route[] routes,
        CancellationTokenSource? stopping
    )
    {
        var reader = new MemoryReader(sources) { BatchSizes = batches };
        try
        {
            await sink.OpenAsync(CancellationToken.None);
            using var run = new SessionRun(
                reader,
                sink,
                Settings,
                new RecordSettings { Routes = routes },
                partitions: partitions,
                commits: new CommitSettings { Packets = every, Seconds = 1_000 }
            );
            await run.RunAsync(stopping?.Token ?? CancellationToken.None);
            await sink.FlushAsync(CancellationToken.None);
            Assert.Equal(0, sink.Counts.Open);
            Assert.Equal(run.Counts.Records, sink.Counts.Accepted - sink.Counts.Copied);
            return null;
        }
        catch (BlockFaultException e)
        {
            return e.InnerException;
        }
        catch (FlowPipeException e)
        {
            return e;
        }
    }

    private static string[] Sorted(CommittedTopic topic) =>
        [.. topic.Records.Select(record => $"{record.Id} {Convert.ToHexString(record.Value)}").Order(StringComparer.Ordinal)];

    /// <summary>Two captures, the second from before the first, of sessions that come, go and come again.</summary>
    private static MemorySource[] Sources(int seed, int packets = 150)
    {
        var random = new Random(seed);
        return [Source(random, packets, 1_000, "aa"), Source(random, packets, 500, "bb")];
    }

    private static MemorySource Source(Random random, int count, double at, string fingerprint)
    {
        var packets = new List<CapturedPacket>();
        for (int i = 0; i < count; i++)
        {
            at += random.NextDouble() * 3;
            var conversation = new Conversation(clientPort: random.Next(1, 30));
            packets.AddRange(
                random.Next(3) == 0
                    ? conversation.Tcp(at, true, Conversation.Ack, 1, 1).Packets
                    : conversation.Udp(at, random.Next(4) > 0, "x").Packets
            );
        }
        return new MemorySource(packets, 1, fingerprint.PadRight(16, '0'));
    }
}
