using System.Collections.Concurrent;
using Confluent.Kafka;
using FlowPipe.Core;
using FlowPipe.Core.Consuming;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.DeadLetters;

namespace FlowPipe.Tests.Unit.Emitting;

/// <summary>Every error that a broker may answer a produce request with, one after the other, by librdkafka's mock cluster.</summary>
public sealed class KafkaProduceErrorTests
{
    private const short Produce = 0;
    private const int BatchSize = 10;
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    /// <summary>Those after which librdkafka sends again what the idempotent producer may.</summary>
    private static readonly ErrorCode[] Passing =
    [
        ErrorCode.Local_Transport, // the connection breaks instead of an answer
        ErrorCode.InvalidMsg,
        ErrorCode.UnknownTopicOrPart,
        ErrorCode.LeaderNotAvailable,
        ErrorCode.NotLeaderForPartition,
        ErrorCode.RequestTimedOut,
        ErrorCode.BrokerNotAvailable,
        ErrorCode.ReplicaNotAvailable,
        ErrorCode.GroupLoadInProgress,
        ErrorCode.GroupCoordinatorNotAvailable,
        ErrorCode.NotCoordinatorForGroup,
        ErrorCode.NotEnoughReplicas,
        ErrorCode.NotEnoughReplicasAfterAppend,
        ErrorCode.KafkaStorageError,
        ErrorCode.UnknownProducerId,
    ];

    /// <summary>Not among those that stay: a sequence that is lost is fatal, one that is there already was delivered, and a topic without permission stays so.</summary>
    private static readonly ErrorCode[] Special =
    [
        ErrorCode.OutOfOrderSequenceNumber,
        ErrorCode.DuplicateSequenceNumber,
        ErrorCode.TopicAuthorizationFailed,
    ];

    [Fact]
    public async Task Errors_that_pass_cost_nothing()
    {
        using var kafka = new EmbeddedKafka();
        var warnings = new ConcurrentQueue<string>();
        // One request at a time: the mock cluster, unlike a broker, takes the second batch of a producer whose first it has refused.
        await using ISpiSink sink = Sink(kafka, "passing", warnings, ("max.in.flight.requests.per.connection", "1"));
        await sink.OpenAsync(Stop);
        int sent = 0;
        foreach (ErrorCode error in Passing)
        {
            kafka.PushErrors(Produce, error, error);
            await sink.WriteAsync(TestRecords.Batch(sent, BatchSize));
            await sink.FlushAsync(Stop);
            sent += BatchSize;
            Assert.True(sink.Counts.Delivered == sent, $"{error}: {sink.Counts.Delivered} of {sent} delivered");
        }
        Assert.Equal((0, 0), (sink.Counts.Failed, sink.Counts.Open));
        Assert.Equal(Enumerable.Range(0, sent), await NumbersAsync(kafka, "passing"));
        // What broke the connection is told, and that it is over; what is sent again is not worth a line.
        Assert.InRange(warnings.Count, 0, 4);
    }

    [Fact]
    public async Task Errors_that_stay_make_dead_letters_and_the_others_pass()
    {
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic("flowpipe.dlq.v1", 1);
        await using ISpiSink sink = Sink(kafka, "staying", new ConcurrentQueue<string>());
        await sink.OpenAsync(Stop);
        int sent = 0;
        var delivered = new List<int>();
        var dead = new Dictionary<string, long>(StringComparer.Ordinal);
        long failed = 0;
        ErrorCode[] staying =
        [
            .. Enum.GetValues<ErrorCode>()
                .Distinct()
                .Where(static error => error == ErrorCode.Unknown || error > 0)
                .Except(Passing)
                .Except(Special),
        ];
        Assert.True(staying.Length > 80);
        foreach (ErrorCode error in staying)
        {
            // One at a time: it is the request that is refused, with all that is in it. What may be another record's fault is tried once more, alone.
            string? reason = DeadLetterReason.Of(new Error(error));
            bool alone = reason is not null && DeadLetterReason.MayBeAnothers(reason);
            kafka.PushErrors(Produce, alone ? [error, error] : [error]);
            await sink.WriteAsync(TestRecords.Batch(sent, 1));
            await sink.FlushAsync(Stop);
            if (reason is null)
                failed++;
            else
                dead[reason] = dead.GetValueOrDefault(reason) + 1;
            Assert.Equal((error, failed), (error, sink.Counts.Failed));
            Assert.Equal(dead, sink.Counts.DeadLettersByReason);

            // And who was not at fault passes.
            if (alone)
                kafka.PushErrors(Produce, error);
            await sink.WriteAsync(TestRecords.Batch(sent + 1, 1));
            await sink.FlushAsync(Stop);
            delivered.Add(sent + 1);
            sent += 2;
            Assert.Equal((error, delivered.Count), (error, sink.Counts.Delivered));
        }
        Assert.Equal(0, sink.Counts.Open);
        Assert.Equal(delivered, await NumbersAsync(kafka, "staying"));
        Assert.Equal(dead.Values.Sum(), (await NumbersAsync(kafka, "flowpipe.dlq.v1")).Length);
    }

    [Fact]
    public async Task A_fatal_error_ends_the_sink_and_every_record_has_a_fate()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "fatal", new ConcurrentQueue<string>());
        await sink.OpenAsync(Stop);
        await sink.WriteAsync(TestRecords.Batch(0, BatchSize));
        await sink.FlushAsync(Stop);
        kafka.PushErrors(Produce, ErrorCode.OutOfOrderSequenceNumber);
        await sink.WriteAsync(TestRecords.Batch(BatchSize, BatchSize));
        await sink.FlushAsync(Stop);
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(async () =>
            await sink.WriteAsync(TestRecords.Batch(2 * BatchSize, BatchSize))
        );
        Assert.Contains("the producer can't go on", e.Message, StringComparison.Ordinal);
        Assert.Equal(
            (3 * BatchSize, BatchSize, 2 * BatchSize, 0),
            (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed, sink.Counts.Open)
        );
        Assert.Equal(Enumerable.Range(0, BatchSize), await NumbersAsync(kafka, "fatal"));
    }

    [Fact]
    public async Task Half_a_second_to_the_broker_and_back_loses_nothing()
    {
        using var kafka = new EmbeddedKafka(brokers: 3);
        await using ISpiSink sink = Sink(kafka, "far", new ConcurrentQueue<string>(), ("queue.buffering.max.kbytes", "64"));
        for (int broker = 1; broker <= 3; broker++)
            kafka.SetRoundTripTime(broker, TimeSpan.FromMilliseconds(500));
        await sink.OpenAsync(Stop);
        const int Count = 2_000;
        for (int i = 0; i < Count; i += 100)
            await sink.WriteAsync(TestRecords.Batch(i, 100, textLength: 100));
        Assert.True(((KafkaSink)sink).QueueFullWaits > 0);
        await sink.FlushAsync(Stop);
        Assert.Equal((Count, Count, 0), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed));
        for (int broker = 1; broker <= 3; broker++)
            kafka.SetRoundTripTime(broker, TimeSpan.Zero);
        Assert.Equal(Enumerable.Range(0, Count), await NumbersAsync(kafka, "far"));
    }

    private static ISpiSink Sink(
        EmbeddedKafka kafka,
        string topic,
        ConcurrentQueue<string> warnings,
        params (string Name, string Value)[] settings
    )
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["linger.ms"] = "1",
            ["retry.backoff.ms"] = "10",
            ["retry.backoff.max.ms"] = "20",
            ["reconnect.backoff.ms"] = "10",
            ["reconnect.backoff.max.ms"] = "20",
        };
        foreach ((string name, string value) in settings)
            all[name] = value;
        return SinkFactory.Create(
            $"kafka://embedded/{topic}?partitions=1",
            new SinkSettings
            {
                Schema = static () => TestRecords.Schema,
                Embedded = kafka,
                Warn = warnings.Enqueue,
                Kafka = all,
            }
        );
    }

    private static async Task<int[]> NumbersAsync(EmbeddedKafka kafka, string topic)
    {
        using var reader = new KafkaTopicReader(new KafkaTarget("", topic), new Dictionary<string, string>(StringComparer.Ordinal), kafka);
        await reader.OpenAsync(Stop);
        return
        [
            .. reader
                .Read(follow: false, Stop)
                .SelectMany(static batch => batch)
                .Select(static record => BitConverter.ToInt32(Guid.Parse(record.Header("id")!).ToByteArray()))
                .Order(),
        ];
    }
}
