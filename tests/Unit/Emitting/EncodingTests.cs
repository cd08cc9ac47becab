using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using FlowPipe.Core;
using FlowPipe.Core.Consuming;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.Encodings;
using FlowPipe.Schemas.Registry;
using FlowPipe.Tests.Unit.Registry;

namespace FlowPipe.Tests.Unit.Emitting;

/// <summary>What stands in messages' values, on the way through the real producer.</summary>
public sealed class EncodingTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private readonly ConcurrentQueue<string> _warnings = new();

    [Theory]
    [InlineData("TopicNameStrategy", "spi-value")]
    [InlineData("RecordNameStrategy", "flowpipe.test.session")]
    [InlineData("TopicRecordNameStrategy", "spi-flowpipe.test.session")]
    public async Task With_a_registry_records_carry_its_number(string strategy, string subject)
    {
        using var registry = FakeRegistry.Of(0x0102, subject);
        Assert.True(SubjectNames.TryParse(strategy, out SubjectStrategy parsed));
        using var kafka = new EmbeddedKafka();
        List<TopicRecord> read = await ThroughAsync(kafka, "kafka://embedded/spi", Registry(registry.Url) with { Strategy = parsed });
        Assert.Equal(100, read.Count);
        foreach (TopicRecord record in read)
        {
            Assert.True(ConfluentFrame.TryUnframe(record.Value, out int id, out ReadOnlyMemory<byte> avro));
            Assert.Equal(0x0102, id);
            Assert.Equal(TestRecords.AvroOf(NumberOf(record)), avro.ToArray());
            Assert.NotNull(record.Header("schema_fingerprint"));
        }

        Assert.Empty(_warnings);
        Assert.All(registry.Requests, request => Assert.DoesNotContain("/versions", request.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_address_may_stand_in_the_sinks_name()
    {
        using var registry = FakeRegistry.Of(5, "spi-value");
        using var kafka = new EmbeddedKafka();
        List<TopicRecord> read = await ThroughAsync(
            kafka,
            $"kafka://embedded/spi?registry=http://127.0.0.1:1,{registry.Url}",
            Registry() with
            {
                MaxRetries = 0,
            }
        );
        Assert.All(read, record => Assert.Equal([0, 0, 0, 0, 5], record.Value[..5]));
        var e = Assert.Throws<FlowPipeException>(() => Sink(kafka, "kafka://embedded/spi?registry=http://u:geheim@h", Registry()));
        Assert.Contains("basic.auth.user.info", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subject_that_is_missing_is_named_with_the_command_that_makes_it()
    {
        using var registry = FakeRegistry.Of(1, "another-value");
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "kafka://embedded/spi", Registry(registry.Url));
        var e = await Assert.ThrowsAsync<FlowPipeException>(() => sink.OpenAsync(Stop).AsTask());
        Assert.Contains(
            $"no subject spi-value; run 'flowpipe schema register --registry {registry.Url} --topic spi'",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.All(registry.Requests, request => Assert.False(request is { Method: "POST", Path: "/subjects/spi-value/versions" }));
    }

    [Fact]
    public async Task It_is_registered_when_that_is_asked_for()
    {
        using var registry = FakeRegistry.Of(8, "spi-value");
        Func<RegistryRequest, (int, string)> known = registry.Answer;
        registry.Answer = request =>
            request is { Method: "POST", Path: "/subjects/spi-value/versions" } ? (200, """{"id":8}""") : known(request);
        using var kafka = new EmbeddedKafka();
        List<TopicRecord> read = await ThroughAsync(kafka, "kafka://embedded/spi", Registry(registry.Url) with { AutoRegister = true });
        Assert.All(read, record => Assert.Equal([0, 0, 0, 0, 8], record.Value[..5]));
        Assert.Contains(registry.Requests, request => request is { Method: "POST", Path: "/subjects/spi-value/versions" });
    }

    [Fact]
    public async Task A_registry_that_is_down_is_waited_for()
    {
        using var registry = FakeRegistry.Of(3, "spi-value");
        Func<RegistryRequest, (int, string)> well = registry.Answer;
        registry.Answer = static _ => (503, "");
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "kafka://embedded/spi", Registry(registry.Url));
        Task opening = sink.OpenAsync(Stop).AsTask();
        while (_warnings.IsEmpty && !opening.IsCompleted)
            await Task.Delay(5, Stop);
        Assert.False(opening.IsCompleted);
        registry.Answer = well;
        await opening;
        Assert.Collection(
            _warnings,
            warning => Assert.Contains($"waiting for the schema registry {registry.Url}", warning, StringComparison.Ordinal),
            warning => Assert.Contains("it answers again", warning, StringComparison.Ordinal)
        );
        await sink.WriteAsync(TestRecords.Batch(0, 10));
        await sink.FlushAsync(Stop);
        Assert.Equal(10, sink.Counts.Delivered);
    }

    [Fact]
    public async Task Waiting_ends_when_it_is_told_to()
    {
        using var registry = new FakeRegistry(static _ => (503, ""));
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "kafka://embedded/spi", Registry(registry.Url));
        using var stop = new CancellationTokenSource();
        Task opening = sink.OpenAsync(stop.Token).AsTask();
        while (_warnings.IsEmpty && !opening.IsCompleted)
            await Task.Delay(5, Stop);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
    }

    [Theory]
    [InlineData("bulk", false)]
    [InlineData("bulk1", true)]
    public async Task Arkimes_bulk_formats_are_bodies_of_bulk_requests(string format, bool isAlone)
    {
        using var kafka = new EmbeddedKafka();
        List<TopicRecord> read = await ThroughAsync(kafka, $"kafka://embedded/arkime?format={format}", Registry(), textLength: 200);
        Assert.Equal(isAlone ? 100 : 34, read.Count); // three fit into 1,600 bytes, with what is kept for the line before each
        var numbers = new List<int>();
        foreach (TopicRecord record in read)
        {
            Assert.Equal(isAlone, record.Key.Length > 0);
            Assert.Equal(isAlone, record.Header("id") is not null);
            string[] lines = Encoding.UTF8.GetString(record.Value).Split('\n');
            Assert.Equal("", lines[^1]);
            for (int i = 0; i < lines.Length - 1; i += 2)
            {
                JsonElement action = JsonElement.Parse(lines[i]).GetProperty("index");
                int number = JsonElement.Parse(lines[i + 1]).GetProperty("number").GetInt32();
                Assert.Equal("test_sessions3-700101", action.GetProperty("_index").GetString());
                Assert.Equal($"700101-{TestRecords.IdOf(number)}", action.GetProperty("_id").GetString());
                numbers.Add(number);
            }
        }

        Assert.Equal(Enumerable.Range(0, 100), numbers.Order());
    }

    [Fact]
    public async Task Arkimes_doc_names_its_index_itself()
    {
        using var kafka = new EmbeddedKafka();
        List<TopicRecord> read = await ThroughAsync(kafka, "kafka://embedded/arkime?format=doc", Registry());
        Assert.Equal(100, read.Count);
        foreach (TopicRecord record in read)
        {
            JsonElement document = JsonElement.Parse(record.Value);
            int number = document.GetProperty("number").GetInt32();
            Assert.Equal($"700101-{TestRecords.IdOf(number)}", document.GetProperty("_id").GetString());
            Assert.Equal("test_sessions3-700101", document.GetProperty("sessionIndex").GetString());
            Assert.Equal(TestRecords.KeyOf(number), record.Key);
        }
    }

    [Fact]
    public async Task All_records_of_a_message_that_fails_are_counted()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "kafka://embedded/refused?format=bulk", Registry());
        await sink.OpenAsync(Stop);
        for (int i = 0; i < 50; i++)
            kafka.PushErrors(0, ErrorCode.TopicAuthorizationFailed);
        await sink.WriteAsync(TestRecords.Batch(0, 100));
        await sink.FlushAsync(Stop);
        Assert.Equal((100, 0, 100), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed));
        Assert.Equal(100, sink.Counts.FailedByReason["not-authorised"]);
    }

    [Theory]
    [InlineData("hourly", "2024-02-29T23:59:59.999Z", "240229h23")]
    [InlineData("hourly2", "2024-02-29T23:59:59Z", "240229h22")]
    [InlineData("hourly3", "2024-02-29T23:59:59Z", "240229h21")]
    [InlineData("hourly4", "2024-02-29T19:59:59Z", "240229h16")]
    [InlineData("hourly6", "2024-02-29T05:00:00Z", "240229h00")]
    [InlineData("hourly8", "2024-02-29T16:00:00Z", "240229h16")]
    [InlineData("hourly12", "2024-02-29T13:00:00Z", "240229h12")]
    [InlineData("daily", "2024-02-29T00:00:00Z", "240229")]
    [InlineData("weekly", "2024-01-07T00:00:00Z", "24w00")]
    [InlineData("weekly", "2024-01-08T00:00:00Z", "24w01")]
    [InlineData("weekly", "2024-12-31T00:00:00Z", "24w52")]
    [InlineData("monthly", "2009-11-05T00:00:00Z", "09m11")]
    [InlineData("daily", "1969-12-31T23:59:59.5Z", "691231")]
    public void Indices_turn_as_Arkimes_do(string rotation, string lastPacket, string date)
    {
        long ns =
            (DateTimeOffset.Parse(lastPacket, System.Globalization.CultureInfo.InvariantCulture) - DateTimeOffset.UnixEpoch).Ticks * 100;
        Assert.Equal(date, new ArkimeIndex(rotation).DateOf(ns));
        Assert.Contains(rotation, ArkimeIndex.Rotations);
    }

    private static int NumberOf(TopicRecord record) =>
        new Guid(record.Header("id")!) is var id ? BitConverter.ToInt32(id.ToByteArray()) : 0;

    private static RegistrySettings Registry(params string[] urls) =>
        new()
        {
            Urls = urls,
            MaxRetries = 1,
            RetryWaitMs = 1,
            RetryMaxWaitMs = 5,
        };

    private async Task<List<TopicRecord>> ThroughAsync(EmbeddedKafka kafka, string uri, RegistrySettings registry, int textLength = 20)
    {
        await using ISpiSink sink = Sink(kafka, uri, registry);
        await sink.OpenAsync(Stop);
        await sink.WriteAsync(TestRecords.Batch(0, 100, textLength));
        await sink.FlushAsync(Stop);
        Assert.Equal((100, 100, 0), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed));
        string topic = uri["kafka://embedded/".Length..].Split('?')[0];
        using var reader = new KafkaTopicReader(new KafkaTarget("", topic), new Dictionary<string, string>(StringComparer.Ordinal), kafka);
        await reader.OpenAsync(Stop);
        List<TopicRecord> records = [.. reader.Read(follow: false, Stop).SelectMany(batch => batch)];
        Assert.Equal(sink.Counts.Bytes, records.Sum(record => (long)record.Value.Length));
        return records;
    }

    private ISpiSink Sink(EmbeddedKafka kafka, string uri, RegistrySettings registry) =>
        SinkFactory.Create(
            uri,
            new SinkSettings
            {
                Schema = static () => TestRecords.Schema,
                Node = "test-node",
                Embedded = kafka,
                Warn = _warnings.Enqueue,
                Registry = registry,
                Arkime = new ArkimeSettings { Prefix = "test_", DbBulkSize = 1_600 },
            }
        );
}
