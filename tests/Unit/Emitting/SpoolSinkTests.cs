using System.Collections.Concurrent;
using Confluent.Kafka;
using FlowPipe.Core;
using FlowPipe.Core.Consuming;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.DeadLetters;
using FlowPipe.Core.Emitting.Spooling;
using FlowPipe.Schemas.Registry;
using FlowPipe.Tests.Unit.Registry;

namespace FlowPipe.Tests.Unit.Emitting;

/// <summary>The Kafka sink with a spool: brokers go and come back, and no record is missing.</summary>
public sealed class SpoolSinkTests : IDisposable
{
    private const short Produce = 0;
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly (string, string)[] Quick =
    [
        ("message.timeout.ms", "500"),
        ("linger.ms", "1"),
        ("reconnect.backoff.ms", "10"),
        ("reconnect.backoff.max.ms", "50"),
        ("retry.backoff.ms", "10"),
    ];

    private readonly TestFolder _folder = new();
    private readonly ConcurrentQueue<string> _warnings = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WithoutTroubleNothingIsSpooled()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, new());
        await sink.OpenAsync(Stop);
        await WriteAsync(sink, 0, 500);
        await sink.FlushAsync(Stop);
        Assert.Equal((500, 500, 0, 0, 0), Fates(sink));
        Assert.Empty(_warnings);
        Assert.Empty(Segments());
    }

    [Fact]
    public async Task WhatBrokersDoNotTakeInTimeIsSpooledAndSentWhenTheyAreBack()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, new(), "t?partitions=1");
        await sink.OpenAsync(Stop);
        await WriteAsync(sink, 0, 100);
        await sink.FlushAsync(Stop);
        kafka.SetBrokerUp(1, false);
        await WriteAsync(sink, 100, 300);
        while (sink.Counts.Spooled < 300)
            await Task.Delay(10, Stop);
        Assert.NotEmpty(Segments());
        await WriteAsync(sink, 400, 100); // these go there at once
        Assert.Equal((500, 100, 0, 400, 0), Fates(sink));
        kafka.SetBrokerUp(1, true);
        await sink.FlushAsync(Stop);
        Assert.Equal((500, 500, 0, 0, 0), Fates(sink));
        List<TopicRecord> read = await ReadAsync(kafka, "t");
        Assert.Equal(Enumerable.Range(0, 500), read.Select(NumberOf).Order());
        // What was spooled comes out in the order in which it went in.
        int[] late = [.. read.Select(NumberOf).Where(static number => number >= 400)];
        Assert.Equal(late.Order(), late);
        Assert.Empty(Segments());
        Assert.Contains(_warnings, warning => warning.Contains("records go to the spool", StringComparison.Ordinal));
        Assert.True(_warnings.Count < 10, string.Join('\n', _warnings));
    }

    [Fact]
    public async Task WhatIsLeftAtTheDeadlineIsSentByTheNextRun()
    {
        using var kafka = new EmbeddedKafka();
        await using (ISpiSink sink = Sink(kafka, new()))
        {
            await sink.OpenAsync(Stop);
            kafka.SetBrokerUp(1, false);
            await WriteAsync(sink, 0, 200);
            using var deadline = new CancellationTokenSource();
            await deadline.CancelAsync();
            await sink.FlushAsync(deadline.Token);
            Assert.Equal((200, 0, 0, 200, 0), Fates(sink));
        }
        kafka.SetBrokerUp(1, true);
        await using (ISpiSink sink = Sink(kafka, new()))
        {
            await sink.OpenAsync(Stop);
            await WriteAsync(sink, 200, 50);
            await sink.FlushAsync(Stop);
            Assert.Equal((50, 50, 0, 0, 0), Fates(sink));
            Assert.Equal(200, sink.Counts.EarlierDelivered);
        }
        Assert.Equal(Enumerable.Range(0, 250), (await ReadAsync(kafka, "t")).Select(NumberOf).Order());
        Assert.Contains(_warnings, warning => warning.Contains("200 records of earlier runs", StringComparison.Ordinal));
        Assert.Empty(Segments());
    }

    [Fact]
    public async Task BrokersThatAreGoneAtTheStartAreNotWaitedFor()
    {
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic("t", 4);
        kafka.SetBrokerUp(1, false);
        await using ISpiSink sink = Sink(kafka, new(), "t?timeout=1");
        await sink.OpenAsync(Stop);
        await WriteAsync(sink, 0, 100);
        Assert.Equal((100, 0, 0, 100, 0), Fates(sink));
        kafka.SetBrokerUp(1, true);
        await sink.FlushAsync(Stop);
        Assert.Equal((100, 100, 0, 0, 0), Fates(sink));
        Assert.Equal(Enumerable.Range(0, 100), (await ReadAsync(kafka, "t")).Select(NumberOf).Order());
    }

    [Fact]
    public async Task ATopicThatIsNotThereIsToldAtTheStartAllTheSame()
    {
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic("forbidden");
        kafka.SetTopicError("forbidden", ErrorCode.UnknownTopicOrPart);
        await using ISpiSink sink = Sink(kafka, new(), "forbidden");
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(async () => await sink.OpenAsync(Stop));
        Assert.Contains("flowpipe topics create", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SpoolOnFull.DropOldest)]
    [InlineData(SpoolOnFull.DropNewest)]
    public async Task ASpoolThatIsFullDropsWhatItWasToldToAndCountsIt(SpoolOnFull onFull)
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, new() { OnFull = onFull, MaxBytes = 100_000, SegmentBytes = 10_000 });
        await sink.OpenAsync(Stop);
        kafka.SetBrokerUp(1, false);
        await WriteAsync(sink, 0, 1);
        while (sink.Counts.Spooled < 1)
            await Task.Delay(10, Stop);
        await WriteAsync(sink, 1, 2_000);
        Assert.True(sink.Counts.Evicted > 500, $"{sink.Counts.Evicted}");
        Assert.Equal(0, sink.Counts.Open);
        kafka.SetBrokerUp(1, true);
        await sink.FlushAsync(Stop);
        Assert.Equal((2_001, 0, 0), (sink.Counts.Delivered + sink.Counts.Evicted, sink.Counts.Open, sink.Counts.Spooled));
        List<TopicRecord> read = await ReadAsync(kafka, "t");
        Assert.Equal(sink.Counts.Delivered, read.Count);
        Assert.Equal(read.Count, read.Select(NumberOf).Distinct().Count());
        Assert.Contains(onFull == SpoolOnFull.DropNewest ? 1 : 2_000, read.Select(NumberOf));
        Assert.Single(_warnings, warning => warning.Contains("there is no room", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ASpoolThatIsFullIsWaitedFor()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, new() { MaxBytes = 50_000, SegmentBytes = 5_000 });
        await sink.OpenAsync(Stop);
        kafka.SetBrokerUp(1, false);
        await WriteAsync(sink, 0, 1);
        while (sink.Counts.Spooled < 1)
            await Task.Delay(10, Stop);
        Task writing = WriteAsync(sink, 1, 1_000);
        while (!_warnings.Any(static warning => warning.Contains("there is no room", StringComparison.Ordinal)))
            await Task.Delay(10, Stop);
        Assert.False(writing.IsCompleted);
        kafka.SetBrokerUp(1, true);
        await writing;
        await sink.FlushAsync(Stop);
        Assert.Equal((1_001, 1_001, 0, 0, 0), Fates(sink));
        Assert.Equal(Enumerable.Range(0, 1_001), (await ReadAsync(kafka, "t")).Select(NumberOf).Order());
    }

    [Fact]
    public async Task WhatCannotBeDeliveredLeavesTheSpoolAsADeadLetter()
    {
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic("flowpipe.dlq.v1", 1);
        await using ISpiSink sink = Sink(kafka, new());
        await sink.OpenAsync(Stop);
        kafka.SetBrokerUp(1, false);
        await WriteAsync(sink, 0, 20);
        while (sink.Counts.Spooled < 20)
            await Task.Delay(10, Stop);
        kafka.PushErrors(Produce, ErrorCode.PolicyViolation);
        kafka.SetBrokerUp(1, true);
        await sink.FlushAsync(Stop);
        Assert.Equal((20, 0), (sink.Counts.Delivered + sink.Counts.DeadLettered, sink.Counts.Spooled));
        Assert.Equal(sink.Counts.DeadLettered, sink.Counts.DeadLettersByReason[DeadLetterReason.Policy]);
        Assert.Equal(sink.Counts.DeadLettered, (await ReadAsync(kafka, "flowpipe.dlq.v1")).Count);
        Assert.Equal(sink.Counts.Delivered, (await ReadAsync(kafka, "t")).Count);
        Assert.Empty(Segments());
    }

    [Fact]
    public async Task ARegistryThatIsDownAtTheStartIsNotWaitedForAndItsFrameFollows()
    {
        using var kafka = new EmbeddedKafka();
        using FakeRegistry registry = FakeRegistry.Of(77, "t-value");
        Func<RegistryRequest, (int, string)> well = registry.Answer;
        registry.Answer = static _ => (503, "");
        await using ISpiSink sink = SinkFactory.Create(
            "kafka://embedded/t?format=avro",
            Settings(kafka, new()) with
            {
                Registry = new RegistrySettings { Urls = [registry.Url], MaxRetries = 0 },
            }
        );
        await sink.OpenAsync(Stop);
        await WriteAsync(sink, 0, 100);
        Assert.Equal((100, 0, 0, 100, 0), Fates(sink));
        registry.Answer = well;
        while (sink.Counts.Delivered < 100)
            await Task.Delay(10, Stop);
        await WriteAsync(sink, 100, 50);
        await sink.FlushAsync(Stop);
        Assert.Equal((150, 150, 0, 0, 0), Fates(sink));
        List<TopicRecord> read = await ReadAsync(kafka, "t");
        Assert.Equal(150, read.Count);
        foreach (TopicRecord record in read)
        {
            Assert.True(ConfluentFrame.TryUnframe(record.Value, out int schema, out ReadOnlyMemory<byte> avro));
            Assert.Equal(77, schema);
            Assert.Equal(TestRecords.AvroOf(NumberOf(record)), avro.ToArray());
        }
    }

    [Fact]
    public async Task WhatAnotherBuildSpooledForTheRegistryIsADeadLetter()
    {
        using var kafka = new EmbeddedKafka();
        using FakeRegistry registry = FakeRegistry.Of(77, "t-value");
        SinkSettings settings = Settings(kafka, new()) with { Registry = new RegistrySettings { Urls = [registry.Url] } };
        using (SpoolFolder folder = SpoolFolder.Lock(_folder.Path, new KafkaTarget("", "t"), "kafka://embedded/t"))
        using (var log = new SpoolLog(folder.Path, settings.Spool!, _warnings.Enqueue))
        {
            var message = new OutgoingMessage
            {
                Topic = "t",
                Records = 1,
                NeedsFrame = true,
                Kafka = new Message<byte[], byte[]>
                {
                    Key = [1],
                    Value = [2],
                    Headers = [new Header("schema_fingerprint", "another"u8.ToArray())],
                },
            };
            Assert.Equal(SpoolOutcome.Kept, log.TryAppend(message));
        }
        await using ISpiSink sink = SinkFactory.Create("kafka://embedded/t?format=avro", settings);
        await sink.OpenAsync(Stop);
        await sink.FlushAsync(Stop);
        Assert.Equal((0, 1), (sink.Counts.EarlierDelivered, sink.Counts.EarlierDeadLettered));
        Assert.Equal("other-schema", Assert.Single(await ReadAsync(kafka, "flowpipe.dlq.v1")).Header("dead_letter_reason"));
    }

    private static async Task WriteAsync(ISpiSink sink, int first, int count)
    {
        for (int i = first; i < first + count; i += 50)
            await sink.WriteAsync(TestRecords.Batch(i, Math.Min(50, first + count - i)));
    }

    private static (long Accepted, long Delivered, long Failed, long Spooled, long Open) Fates(ISpiSink sink) =>
        (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed, sink.Counts.Spooled, sink.Counts.Open);

    private ISpiSink Sink(EmbeddedKafka kafka, SpoolSettings spool, string topic = "t") =>
        SinkFactory.Create($"kafka://embedded/{topic}", Settings(kafka, spool));

    private SinkSettings Settings(EmbeddedKafka kafka, SpoolSettings spool) =>
        new()
        {
            Schema = static () => TestRecords.Schema,
            Embedded = kafka,
            Spool = spool with { Dir = _folder.Path },
            Warn = _warnings.Enqueue,
            Kafka = Quick.ToDictionary(s => s.Item1, s => s.Item2, StringComparer.Ordinal),
        };

    private string[] Segments() => Directory.GetFiles(_folder.Path, "*.seg", SearchOption.AllDirectories);

    private static int NumberOf(TopicRecord record) => BitConverter.ToInt32(Guid.Parse(record.Header("id")!).ToByteArray());

    private static async Task<List<TopicRecord>> ReadAsync(EmbeddedKafka kafka, string topic)
    {
        using var reader = new KafkaTopicReader(new KafkaTarget("", topic), new Dictionary<string, string>(StringComparer.Ordinal), kafka);
        await reader.OpenAsync(Stop);
        return [.. reader.Read(follow: false, Stop).SelectMany(batch => batch)];
    }
}
