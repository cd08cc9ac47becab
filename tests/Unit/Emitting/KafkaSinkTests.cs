using System.Collections.Concurrent;
using System.Text;
using Confluent.Kafka;
using FlowPipe.Abstractions;
using FlowPipe.Core;
using FlowPipe.Core.Consuming;
using FlowPipe.Core.Emitting;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Emitting;

/// <summary>The real producer over real sockets, into librdkafka's mock cluster; each test has a cluster of its own.</summary>
public sealed class KafkaSinkTests
{
    private const short Produce = 0;
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("json")]
    [InlineData("avro")]
    public async Task All_records_arrive_with_key_headers_and_value(string format)
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, $"kafka://embedded/records?partitions=3&format={format}");
        await sink.OpenAsync(Stop);
        const int Count = 3000;
        for (int i = 0; i < Count; i += 100)
        {
            await sink.WriteAsync(TestRecords.Batch(i, 100));
        }

        await sink.FlushAsync(Stop);
        Assert.Equal((Count, Count, 0), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed));

        List<TopicRecord> read = await EmbeddedTopic.ReadAsync(kafka, "records");
        Assert.Equal(Count, read.Count);
        Assert.Equal(sink.Counts.Bytes, read.Sum(record => (long)record.Value.Length));
        Assert.Equal(3, read.Select(record => record.Partition).Distinct().Count());
        var framing = new AvroSingleObject(TestRecords.Schema);
        foreach (TopicRecord record in read)
        {
            int number = NumberOf(record);
            Assert.Equal(TestRecords.KeyOf(number), record.Key);
            Assert.Equal("test-node", record.Header("node"));
            Assert.Equal(number % 2 == 0 ? "1" : "0", record.Header("final"));
            Assert.Equal(((EndReason)(number % 8)).ToString().ToLowerInvariant(), record.Header("reason"));
            Assert.Equal(number % 3 == 0 ? TestRecords.IdOf(number - 1).ToString() : null, record.Header("root_id"));
            if (format == "json")
            {
                Assert.Equal(TestRecords.JsonOf(number), record.Value);
                Assert.Null(record.Header("schema_fingerprint"));
            }
            else
            {
                Assert.True(framing.TryUnframe(record.Value, out ReadOnlyMemory<byte> avro));
                Assert.Equal(TestRecords.AvroOf(number), avro.ToArray());
                Assert.Equal(framing.Fingerprint, record.Header("schema_fingerprint"));
            }
        }

        Assert.Equal(Count, read.Select(NumberOf).Distinct().Count());
    }

    [Fact]
    public async Task Order_is_kept_within_a_key()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "kafka://embedded/order");
        await sink.OpenAsync(Stop);
        for (int i = 0; i < 1000; i += 50)
        {
            var batch = TestRecords.Batch(i, 50);
            foreach (var record in batch.Records)
            {
                record.Key = [(byte)('a' + (record.Id.ToByteArray()[0] % 7))];
            }

            await sink.WriteAsync(batch);
        }

        await sink.FlushAsync(Stop);
        List<TopicRecord> read = await EmbeddedTopic.ReadAsync(kafka, "order");
        Assert.Equal(1000, read.Count);
        foreach (IGrouping<char, TopicRecord> ofKey in read.GroupBy(record => (char)record.Key[0]))
        {
            Assert.Single(ofKey.Select(record => record.Partition).Distinct());
            int[] numbers = [.. ofKey.Select(NumberOf)];
            Assert.Equal(numbers.Order(), numbers);
        }
    }

    [Fact]
    public async Task Errors_that_pass_lose_nothing_and_double_nothing()
    {
        using var kafka = new EmbeddedKafka(brokers: 3);
        await using ISpiSink sink = Sink(
            kafka,
            "kafka://embedded/faults",
            ("retry.backoff.ms", "10"),
            ("reconnect.backoff.ms", "10"),
            ("reconnect.backoff.max.ms", "50"),
            ("linger.ms", "1")
        );
        await sink.OpenAsync(Stop);
        for (int i = 0; i < 2000; i += 50)
        {
            kafka.PushErrors(
                Produce,
                (i / 50 % 4) switch
                {
                    0 => ErrorCode.NotLeaderForPartition,
                    1 => ErrorCode.RequestTimedOut,
                    2 => ErrorCode.NotEnoughReplicas,
                    _ => ErrorCode.Local_Transport, // the connection breaks, and nobody knows what was taken
                }
            );
            await sink.WriteAsync(TestRecords.Batch(i, 50));
        }

        await sink.FlushAsync(Stop);
        Assert.Equal((2000, 2000, 0), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed));
        List<TopicRecord> read = await EmbeddedTopic.ReadAsync(kafka, "faults");
        Assert.Equal(Enumerable.Range(0, 2000), read.Select(NumberOf).Order());
    }

    [Theory]
    [InlineData("queue.buffering.max.kbytes", "16")]
    [InlineData("queue.buffering.max.messages", "1")]
    [InlineData("queue.buffering.max.messages", "10")]
    public async Task A_full_queue_is_waited_for(string limit, string value)
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "kafka://embedded/full", (limit, value), ("linger.ms", "0"));
        await sink.OpenAsync(Stop);
        kafka.SetRoundTripTime(1, TimeSpan.FromMilliseconds(5));
        for (int i = 0; i < 200; i += 50)
        {
            await sink.WriteAsync(TestRecords.Batch(i, 50, 500));
        }

        Assert.True(((KafkaSink)sink).QueueFullWaits > 0);
        await sink.FlushAsync(Stop);
        Assert.Equal((200, 200, 0), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed));
        Assert.Equal(Enumerable.Range(0, 200), (await EmbeddedTopic.ReadAsync(kafka, "full")).Select(NumberOf).Order());
    }

    [Theory]
    [InlineData(ErrorCode.TopicAuthorizationFailed, "needs WRITE and DESCRIBE")]
    [InlineData(ErrorCode.UnknownTopicOrPart, "flowpipe topics create")]
    public async Task A_topic_that_cannot_be_written_is_told_at_the_start(ErrorCode error, string message)
    {
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic("forbidden");
        kafka.SetTopicError("forbidden", error);
        await using ISpiSink sink = Sink(kafka, "kafka://embedded/forbidden");
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(async () => await sink.OpenAsync(Stop));
        Assert.StartsWith("kafka://embedded/forbidden: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_does_not_answer_is_named_with_the_reason()
    {
        var warnings = new ConcurrentQueue<string>();
        var settings = new SinkSettings { Schema = static () => TestRecords.Schema, Warn = warnings.Enqueue };
        await using ISpiSink sink = SinkFactory.Create("kafka://127.0.0.1:1/topic?timeout=1", settings);
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(async () => await sink.OpenAsync(Stop));
        Assert.Contains("kafka://127.0.0.1:1/topic", e.Message, StringComparison.Ordinal);
        Assert.Contains("Connection refused", e.Message, StringComparison.Ordinal);
        Assert.Empty(warnings);
    }

    [Fact]
    public async Task Records_without_an_answer_stay_open_at_the_deadline_and_are_told()
    {
        var warnings = new ConcurrentQueue<string>();
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "kafka://embedded/open", warnings);
        await sink.OpenAsync(Stop);
        kafka.SetBrokerUp(1, false);
        await sink.WriteAsync(TestRecords.Batch(0, 10));
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await sink.FlushAsync(deadline.Token);
        Assert.Equal((10, 0, 0, 10), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed, sink.Counts.Open));
        Assert.Contains(warnings, warning => warning.Contains("10 records were not acknowledged", StringComparison.Ordinal));

        // The broker comes back: nothing was lost meanwhile.
        kafka.SetBrokerUp(1, true);
        await sink.FlushAsync(Stop);
        Assert.Equal((10, 0), (sink.Counts.Delivered, sink.Counts.Open));
    }

    [Theory]
    [InlineData("no.such.setting", "1", "no.such.setting")]
    [InlineData("linger.ms", "soon", "linger.ms")]
    public async Task A_setting_that_librdkafka_refuses_is_named(string name, string value, string message)
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "kafka://embedded/t", (name, value));
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(async () => await sink.OpenAsync(Stop));
        Assert.True(e.Message.Contains(message, StringComparison.Ordinal), e.Message);
    }

    [Fact]
    public void Secrets_are_masked()
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["sasl.password"] = "hunter2", ["sasl.username"] = "me" };
        Assert.Equal("me and *** failed", KafkaClientSettings.Mask("me and hunter2 failed", settings));
    }

    [Fact]
    public async Task Keys_go_where_Java_would_put_them()
    {
        const int Partitions = 7;
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, $"kafka://embedded/keys?partitions={Partitions}");
        await sink.OpenAsync(Stop);
        var random = new Random(20);
        for (int i = 0; i < 500; i += 50)
        {
            var batch = TestRecords.Batch(i, 50);
            foreach (var record in batch.Records)
            {
                record.Key = new byte[random.Next(1, 60)];
                random.NextBytes(record.Key);
            }

            await sink.WriteAsync(batch);
        }

        await sink.FlushAsync(Stop);
        List<TopicRecord> read = await EmbeddedTopic.ReadAsync(kafka, "keys");
        Assert.Equal(500, read.Count);
        Assert.All(read, record => Assert.Equal(Murmur2.PartitionOf(record.Key, Partitions), record.Partition));
    }

    [Fact]
    public async Task A_topic_is_followed_until_told_to_stop()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "kafka://embedded/follow");
        await sink.OpenAsync(Stop);
        using var reader = new KafkaTopicReader(
            new KafkaTarget("", "follow"),
            new Dictionary<string, string>(StringComparer.Ordinal),
            kafka
        );
        await reader.OpenAsync(Stop);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var numbers = new ConcurrentBag<int>();
        Task reading = Task.Factory.StartNew(
            () =>
            {
                foreach (IReadOnlyList<TopicRecord> batch in reader.Read(follow: true, enough.Token))
                {
                    foreach (TopicRecord record in batch)
                    {
                        numbers.Add(NumberOf(record));
                    }

                    if (numbers.Count == 300)
                    {
                        enough.Cancel();
                    }
                }
            },
            TaskCreationOptions.LongRunning
        );
        for (int i = 0; i < 300; i += 100)
        {
            await sink.WriteAsync(TestRecords.Batch(i, 100));
        }

        await sink.FlushAsync(Stop);
        await reading;
        Assert.Equal(Enumerable.Range(0, 300), numbers.Order());
    }

    [Fact]
    public async Task What_the_embedded_broker_has_dropped_is_said_not_skipped()
    {
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = Sink(kafka, "kafka://embedded/dropped?partitions=1", ("compression.codec", "none"));
        await sink.OpenAsync(Stop);
        await sink.WriteAsync(TestRecords.Batch(0, 100));
        await sink.FlushAsync(Stop);
        using var reader = new KafkaTopicReader(
            new KafkaTarget("", "dropped"),
            new Dictionary<string, string>(StringComparer.Ordinal),
            kafka
        );
        await reader.OpenAsync(Stop);
        using IEnumerator<IReadOnlyList<TopicRecord>> batches = reader.Read(follow: true, Stop).GetEnumerator();
        Assert.True(batches.MoveNext());
        for (int i = 100; i < 1100; i += 100)
        {
            await sink.WriteAsync(TestRecords.Batch(i, 100, 60_000));
        }

        await sink.FlushAsync(Stop);
        FlowPipeException e = Assert.Throws<FlowPipeException>(() =>
        {
            while (batches.MoveNext() && NumberOf(batches.Current[^1]) < 1099) { }
        });
        Assert.Contains("dropped records before they were read", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_that_does_not_exist_is_told_to_its_reader()
    {
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic("gone");
        kafka.SetTopicError("gone", ErrorCode.UnknownTopicOrPart);
        using var reader = new KafkaTopicReader(new KafkaTarget("", "gone"), new Dictionary<string, string>(StringComparer.Ordinal), kafka);
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(() => reader.OpenAsync(Stop));
        Assert.StartsWith("kafka://embedded/gone: ", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Against a real cluster: FLOWPIPE_TEST_KAFKA=host:port,…</summary>
    [Fact]
    public async Task A_real_cluster_takes_them_too()
    {
        string? brokers = Environment.GetEnvironmentVariable("FLOWPIPE_TEST_KAFKA");
        Assert.SkipWhen(string.IsNullOrEmpty(brokers), "FLOWPIPE_TEST_KAFKA names no brokers");
        string topic = $"flowpipe-test-{Guid.NewGuid():N}";
        var settings = new SinkSettings
        {
            Schema = static () => TestRecords.Schema,
            Warn = line => TestContext.Current.TestOutputHelper!.WriteLine(line),
        };
        await using ISpiSink sink = SinkFactory.Create($"kafka://{brokers}/{topic}?format=avro", settings);
        await sink.OpenAsync(Stop);
        for (int i = 0; i < 20_000; i += 200)
        {
            await sink.WriteAsync(TestRecords.Batch(i, 200, 300));
        }

        await sink.FlushAsync(Stop);
        Assert.Equal((20_000, 20_000, 0), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed));
        using var reader = new KafkaTopicReader(new KafkaTarget(brokers!, topic), settings.Kafka);
        await reader.OpenAsync(Stop);
        var numbers = new List<int>();
        foreach (IReadOnlyList<TopicRecord> batch in reader.Read(follow: false, Stop))
        {
            numbers.AddRange(batch.Select(NumberOf));
            Assert.All(batch, record => Assert.Equal(Murmur2.PartitionOf(record.Key, reader.Partitions), record.Partition));
        }

        Assert.Equal(Enumerable.Range(0, 20_000), numbers.Order());
    }

    private static ISpiSink Sink(EmbeddedKafka kafka, string uri, params (string Name, string Value)[] settings) =>
        Sink(kafka, uri, new ConcurrentQueue<string>(), settings);

    private static ISpiSink Sink(
        EmbeddedKafka kafka,
        string uri,
        ConcurrentQueue<string> warnings,
        params (string Name, string Value)[] settings
    ) =>
        SinkFactory.Create(
            uri,
            new SinkSettings
            {
                Schema = static () => TestRecords.Schema,
                Node = "test-node",
                Embedded = kafka,
                Warn = warnings.Enqueue,
                Kafka = settings.ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal),
            }
        );

    private static int NumberOf(TopicRecord record) => BitConverter.ToInt32(Guid.Parse(record.Header("id")!).ToByteArray());
}

/// <summary>
/// MurmurHash2 as its author published it (32 bits, little-endian, m = 0x5bd1e995, r = 24), with the seed that Kafka's default partitioner
/// uses; the partition is the hash without its sign bit, modulo.
/// </summary>
internal static class Murmur2
{
    public static int PartitionOf(ReadOnlySpan<byte> key, int partitions) => (int)(Hash(key) & 0x7FFF_FFFF) % partitions;

    public static uint Hash(ReadOnlySpan<byte> data)
    {
        const uint Seed = 0x9747b28c;
        const uint M = 0x5bd1e995;
        uint h = Seed ^ (uint)data.Length;
        while (data.Length >= 4)
        {
            uint k = BitConverter.ToUInt32(data) * M;
            k = (k ^ (k >> 24)) * M;
            h = (h * M) ^ k;
            data = data[4..];
        }

        if (data.Length > 0)
        {
            for (int i = data.Length - 1; i >= 0; i--)
            {
                h ^= (uint)data[i] << (8 * i);
            }

            h *= M;
        }

        h = (h ^ (h >> 13)) * M;
        return h ^ (h >> 15);
    }
}

public sealed class Murmur2Tests
{
    [Theory]
    [InlineData("21", -973932308)]
    [InlineData("foobar", -790332482)]
    [InlineData("a-little-bit-long-string", -985981536)]
    [InlineData("a-little-bit-longer-string", -1486304829)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    [InlineData("abc", 479470107)]
    public void The_tests_own_hash_is_Kafkas(string key, int hash) => Assert.Equal(hash, (int)Murmur2.Hash(Encoding.UTF8.GetBytes(key)));
}
