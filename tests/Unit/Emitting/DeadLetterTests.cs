using System.Collections.Concurrent;
using System.Text.Json;
using Avro.Generic;
using Avro.IO;
using Confluent.Kafka;
using FlowPipe.Core;
using FlowPipe.Core.Consuming;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.DeadLetters;
using FlowPipe.Core.Emitting.Routing;
using FlowPipe.Core.Messages;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Emitting;

/// <summary>Records that can't be delivered for a reason of their own or of their topic: to the topic for them, else to a file, else counted.</summary>
public sealed class DeadLetterTests
{
    private const short Produce = 0;
    private const string Dlq = "flowpipe.dlq.v1";
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private readonly ConcurrentQueue<string> _warnings = new();

    [Fact]
    public async Task ARecordOverTheLimitIsADeadLetterWithTheBeginningOfItsValue()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "large", new(), ("message.max.bytes", "3000"));
        await sink.OpenAsync(Stop);
        await sink.WriteAsync(TestRecords.Batch(0, 1, 5000));
        await sink.WriteAsync(TestRecords.Batch(1, 1));
        await sink.FlushAsync(Stop);
        Assert.Equal((2, 1, 1, 0, 0), Fates(sink));
        Assert.Equal(1, sink.Counts.DeadLettersByReason[DeadLetterReason.TooLarge]);
        TopicRecord letter = Assert.Single(await ReadAsync(kafka, Dlq));
        Assert.Equal(TestRecords.KeyOf(0), letter.Key);
        Assert.Equal("too-large", letter.Header("dead_letter_reason"));
        Assert.Equal(TestRecords.IdOf(0).ToString(), letter.Header("id"));
        GenericRecord said = Decode(letter.Value);
        Assert.Equal("too-large", said["reason"]);
        Assert.Contains("message.max.bytes", (string)said["explanation"], StringComparison.Ordinal);
        Assert.Equal(("large", TestRecords.IdOf(0).ToString(), 1), (said["topic"], said["id"], said["records"]));
        byte[] whole = TestRecords.JsonOf(0, 5000);
        byte[] kept = (byte[])said["value"];
        Assert.Equal((long)whole.Length, said["value_size"]);
        Assert.True((bool)said["value_truncated"]);
        Assert.InRange(kept.Length, 500, 3000);
        Assert.Equal(whole[..kept.Length], kept);
        Assert.Equal(
            ["id", "root_id", "node", "final", "reason"],
            ((object[])said["headers"]).Select(header => (string)((GenericRecord)header)["name"])
        );
    }

    [Fact]
    public async Task ARecordThatCanNotBeEncodedIsADeadLetterAndItsNeighboursAreDelivered()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = SinkFactory.Create("kafka://embedded/docs?partitions=1&format=doc", Settings(kafka, new()));
        await sink.OpenAsync(Stop);
        SpiBatch batch = TestRecords.Batch(0, 3);
        batch.Records[1].JsonRange = default; // no document that an id could be put into
        await sink.WriteAsync(batch);
        await sink.FlushAsync(Stop);
        Assert.Equal((3, 2, 1, 0, 0), Fates(sink));
        Assert.Equal(1, sink.Counts.DeadLettersByReason[DeadLetterReason.Unserialisable]);
        Assert.Equal([0, 2], (await ReadAsync(kafka, "docs")).Select(NumberOf).Order());
        TopicRecord letter = Assert.Single(await ReadAsync(kafka, Dlq));
        Assert.Equal("unserialisable", letter.Header("dead_letter_reason"));
        Assert.Equal(TestRecords.KeyOf(1), letter.Key);
        GenericRecord said = Decode(letter.Value);
        Assert.Equal(("docs", TestRecords.IdOf(1).ToString(), 1), (said["topic"], said["id"], said["records"]));
        Assert.NotEqual("", said["explanation"]);
    }

    [Fact]
    public async Task OfABatchThatIsRefusedOnlyTheRecordsThatEarnItAreDeadLetters()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "invalid", new());
        await sink.OpenAsync(Stop);
        // The batch of ten, and then the first that comes alone.
        kafka.PushErrors(Produce, ErrorCode.InvalidRecord, ErrorCode.InvalidRecord);
        await sink.WriteAsync(TestRecords.Batch(0, 10));
        await sink.FlushAsync(Stop);
        Assert.Equal((10, 9, 1, 0, 0), Fates(sink));
        Assert.Equal(1, sink.Counts.DeadLettersByReason[DeadLetterReason.Invalid]);
        GenericRecord said = Decode(Assert.Single(await ReadAsync(kafka, Dlq)).Value);
        Assert.False((bool)said["value_truncated"]);
        int dead = Enumerable.Range(0, 10).Single(number => TestRecords.IdOf(number).ToString() == (string)said["id"]);
        Assert.Equal(TestRecords.JsonOf(dead), said["value"]);
        Assert.Equal(Enumerable.Range(0, 10).Except([dead]), (await ReadAsync(kafka, "invalid")).Select(NumberOf).Order());
        await sink.WriteAsync(TestRecords.Batch(10, 5));
        await sink.FlushAsync(Stop);
        Assert.Equal((15, 14, 1, 0, 0), Fates(sink));
    }

    [Theory]
    [InlineData(ErrorCode.TopicAuthorizationFailed, DeadLetterReason.NotAuthorised, "needs WRITE")]
    [InlineData(ErrorCode.UnknownTopicOrPart, DeadLetterReason.UnknownTopic, "flowpipe topics create")]
    public async Task ATopicThatIsTakenAwayMakesDeadLetters(ErrorCode error, string reason, string advice)
    {
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic(Dlq, 1); // what is in flight asks for topics in its own time
        await using ISpiSink sink = Sink(kafka, "refused", new(), ("topic.metadata.propagation.max.ms", "0"));
        await sink.OpenAsync(Stop);
        kafka.SetTopicError("refused", error);
        kafka.PushErrors(Produce, error);
        await sink.WriteAsync(TestRecords.Batch(0, 10));
        await sink.FlushAsync(Stop);
        Assert.Equal((10, 0, 10, 0, 0), Fates(sink));
        Assert.Equal(10, sink.Counts.DeadLettersByReason[reason]);
        Assert.Equal(
            Enumerable.Range(0, 10),
            (await ReadAsync(kafka, Dlq))
                .Select(letter => BitConverter.ToInt32(Guid.Parse((string)Decode(letter.Value)["id"]).ToByteArray()))
                .Order()
        );
        string told = Assert.Single(_warnings, warning => warning.Contains("record not delivered", StringComparison.Ordinal));
        Assert.Contains(advice, told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatTheTopicDoesNotTakeIsInTheFile()
    {
        using var folder = new TestFolder();
        using var kafka = new EmbeddedKafka();
        await using (ISpiSink sink = Sink(kafka, "large", new() { Topic = "", Dir = folder.Path }, ("message.max.bytes", "3000")))
        {
            await sink.OpenAsync(Stop);
            await sink.WriteAsync(TestRecords.Batch(0, 3, 5000));
            await sink.FlushAsync(Stop);
            Assert.Equal((3, 0, 3, 0, 0), Fates(sink));
        }
        string file = folder.File("dead-letters.jsonl");
        Assert.Contains(_warnings, warning => warning.Contains(file, StringComparison.Ordinal));
        string[] lines = await File.ReadAllLinesAsync(file, Stop);
        Assert.Equal(3, lines.Length);
        JsonElement first = JsonElement.Parse(lines[0]);
        Assert.Equal("too-large", first.GetProperty("reason").GetString());
        Assert.Equal(TestRecords.IdOf(0), first.GetProperty("id").GetGuid());
        Assert.Equal(TestRecords.KeyOf(0), first.GetProperty("key").GetBytesFromBase64());
        Assert.Equal(TestRecords.JsonOf(0, 5000), first.GetProperty("value").GetBytesFromBase64());
    }

    [Fact]
    public async Task TheFileIsBoundedAndWhatIsBeyondItFailsWithItsReason()
    {
        using var folder = new TestFolder();
        using var kafka = new EmbeddedKafka();
        var settings = new DeadLetterSettings
        {
            Topic = "",
            Dir = folder.Path,
            MaxBytes = 20_000,
        };
        await using ISpiSink sink = Sink(kafka, "large", settings, ("message.max.bytes", "3000"));
        await sink.OpenAsync(Stop);
        await sink.WriteAsync(TestRecords.Batch(0, 10, 5000));
        await sink.FlushAsync(Stop);
        Assert.Equal(10, sink.Counts.DeadLettered + sink.Counts.Failed);
        Assert.Equal(2, sink.Counts.DeadLettered);
        Assert.Equal(8, sink.Counts.FailedByReason[DeadLetterReason.TooLarge]);
        Assert.InRange(new FileInfo(folder.File("dead-letters.jsonl")).Length, 10_000, 20_000);
        Assert.Single(_warnings, warning => warning.Contains("deadLetters.maxBytes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WithNeitherTopicNorFileItFailsWithItsReason()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "large", new() { Topic = "" }, ("message.max.bytes", "3000"));
        await sink.OpenAsync(Stop);
        await sink.WriteAsync(TestRecords.Batch(0, 1, 5000));
        await sink.FlushAsync(Stop);
        Assert.Equal((1, 0, 0, 1, 0), Fates(sink));
        Assert.Equal(1, sink.Counts.FailedByReason[DeadLetterReason.TooLarge]);
        Assert.Contains(_warnings, warning => warning.Contains("1 records were not delivered: too-large", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TimeThatIsOverIsNoReasonOfTheRecord()
    {
        using var folder = new TestFolder();
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "late", new() { Dir = folder.Path }, ("message.timeout.ms", "300"), ("linger.ms", "0"));
        await sink.OpenAsync(Stop);
        kafka.SetBrokerUp(1, false);
        await sink.WriteAsync(TestRecords.Batch(0, 5));
        await sink.FlushAsync(Stop);
        Assert.Equal((5, 0, 5, 0, 0), Fates(sink));
        Assert.Equal(5, sink.Counts.DeadLettersByReason[DeadLetterReason.Undelivered]);
        Assert.Equal(5, (await File.ReadAllLinesAsync(folder.File("dead-letters.jsonl"), Stop)).Length);
    }

    [Fact]
    public async Task RecordsOfARouteGoToItsTopicAsWellOrInstead()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = SinkFactory.Create(
            "kafka://embedded/all",
            Settings(kafka, new()) with
            {
                Routes = [Route.TryParse("also?protocol=dns")!, Route.TryParse("instead?tag=x&only=true")!],
            }
        );
        await sink.OpenAsync(Stop);
        var batch = TestRecords.Batch(0, 100);
        for (int i = 0; i < 100; i++)
            batch.Records[i].Routes = (ulong)(i % 4); // none, also, instead, both
        await sink.WriteAsync(batch);
        await sink.FlushAsync(Stop);
        // What goes to both routes is one copy, too: it is not where it would have been.
        Assert.Equal((150, 150, 0, 0, 0), Fates(sink));
        Assert.Equal(50, sink.Counts.Copied);
        Assert.Equal(Numbers(0, 1), (await ReadAsync(kafka, "all")).Select(NumberOf).Order());
        Assert.Equal(Numbers(1, 3), (await ReadAsync(kafka, "also")).Select(NumberOf).Order());
        Assert.Equal(Numbers(2, 3), (await ReadAsync(kafka, "instead")).Select(NumberOf).Order());
        static IEnumerable<int> Numbers(int one, int other) => Enumerable.Range(0, 100).Where(i => i % 4 == one || i % 4 == other);
    }

    [Theory]
    [InlineData("t?protocol=dns", "t?protocol=dns")]
    [InlineData("t?only=true&tag=a%26b&protocol=dns&protocol=mdns", "t?protocol=dns&protocol=mdns&tag=a%26b&only=true")]
    [InlineData("t", null)]
    [InlineData("t?", null)]
    [InlineData("t?only=true", null)]
    [InlineData("t?protocol=", null)]
    [InlineData("t?port=53", null)]
    [InlineData("a topic?protocol=dns", null)]
    public void RoutesAreReadAsTheyAreWritten(string text, string? read) => Assert.Equal(read, Route.TryParse(text)?.ToString());

    [Fact]
    public void SeveralRecordsAMessageCannotBeRouted()
    {
        using var kafka = new EmbeddedKafka();
        FlowPipeException e = Assert.Throws<FlowPipeException>(() =>
            SinkFactory.Create("kafka://embedded/t?format=bulk", Settings(kafka, new()) with { Routes = [Route.TryParse("a?tag=x")!] })
        );
        Assert.Contains("bulk1", e.Message, StringComparison.Ordinal);
    }

    private static (long Accepted, long Delivered, long DeadLettered, long Failed, long Open) Fates(ISpiSink sink) =>
        (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.DeadLettered, sink.Counts.Failed, sink.Counts.Open);

    private ISpiSink Sink(EmbeddedKafka kafka, string topic, DeadLetterSettings dead, params (string Name, string Value)[] settings) =>
        SinkFactory.Create($"kafka://embedded/{topic}?partitions=1", Settings(kafka, dead, settings));

    private SinkSettings Settings(EmbeddedKafka kafka, DeadLetterSettings dead, params (string Name, string Value)[] settings) =>
        new()
        {
            Schema = static () => TestRecords.Schema,
            Node = "test-node",
            Embedded = kafka,
            DeadLetters = dead,
            Warn = _warnings.Enqueue,
            Kafka = settings.ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal),
        };

    private static GenericRecord Decode(byte[] value)
    {
        Assert.True(new AvroSingleObject(DeadLetterSchema.Json).TryUnframe(value, out ReadOnlyMemory<byte> record));
        var reader = new GenericDatumReader<GenericRecord>(DeadLetterSchema.Parsed, DeadLetterSchema.Parsed);
        return reader.Read(null!, new BinaryDecoder(new MemoryStream(record.ToArray())));
    }

    private static int NumberOf(TopicRecord record) => BitConverter.ToInt32(Guid.Parse(record.Header("id")!).ToByteArray());

    private static async Task<List<TopicRecord>> ReadAsync(EmbeddedKafka kafka, string topic)
    {
        using var reader = new KafkaTopicReader(new KafkaTarget("", topic), new Dictionary<string, string>(StringComparer.Ordinal), kafka);
        await reader.OpenAsync(Stop);
        return [.. reader.Read(follow: false, Stop).SelectMany(batch => batch)];
    }
}
