using System.Net;
using System.Text.RegularExpressions;
using Avro.Generic;
using Avro.IO;
using FlowPipe.Core.Emitting;
using FlowPipe.Pipeline.Metrics;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

public sealed partial class MetricsTests
{
    /// <summary>One that counts something of its own.</summary>
    private static string[] Plugin =>
        ["--set", $"pluginsDir={Path.GetDirectoryName(typeof(Watch.WatchPlugin).Assembly.Location)}", "--set", "plugins=Watch"];

    [Fact]
    public async Task ARunAnswersWhileItLasts()
    {
        int port = SilentServer.ClosedPort();
        using var run = new ProgramRun(
            Executable.Path,
            ["replay", "-r", "-", "--to", "kafka://embedded/t", "--metrics", $"{port}", .. Plugin],
            withInput: true
        );
        byte[] capture = await File.ReadAllBytesAsync(Executable.Sample("http.pcap"), TestContext.Current.CancellationToken);
        await run.Input.WriteAsync(capture, TestContext.Current.CancellationToken);
        await run.Input.FlushAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        int packets = Samples.Packets("http.pcap");
        string metrics = "";
        // Partitions publish once a second, librdkafka too.
        while (!metrics.Contains($"flowpipe_packets_total{{}} {packets}", StringComparison.Ordinal) || !KafkaUp().IsMatch(metrics))
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            metrics = await TryGetAsync(client, "/metrics");
        }
        Assert.Contains("flowpipe_verdicts_total{verdict=\"doProcess\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("flowpipe_sessions{state=\"established\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("flowpipe_queue_length{block=\"session 0\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("flowpipe_plugin_total{counter=\"final_records\",plugin=\"watch\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("flowpipe_plugin_errors_total{plugin=\"watch\"} 0", metrics, StringComparison.Ordinal);
        Assert.Contains("flowpipe_sink_records_total{fate=\"delivered\",sink=\"kafka://embedded/t\"}", metrics, StringComparison.Ordinal);
        string manual = await File.ReadAllTextAsync(Repository.Path("docs", "operations.md"), TestContext.Current.CancellationToken);
        Assert.All(
            metrics
                .Split('\n')
                .Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
                .Select(static line => line.Split(' ')[2]),
            name => Assert.Contains($"`{name}`", manual, StringComparison.Ordinal)
        );
        foreach (string path in (string[])["/healthz", "/readyz"])
        {
            using HttpResponseMessage answer = await client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("reading\n", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        using (HttpResponseMessage answer = await client.GetAsync("/", TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        (await Executable.RunAsync("replay", "-r", Executable.Sample("ntp.pcap"), "--to", "null:", "--metrics", $"{port}")).Said(
            1,
            "metrics.listen",
            "another port"
        );
        run.Input.Close();
        (await run.EndAsync()).Succeeded().WithoutBug();
    }

    [Fact]
    public async Task ATransactionalProducersFiguresAreThereToo()
    {
        int port = SilentServer.ClosedPort();
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic("t");
        kafka.CreateTopic("flowpipe.checkpoints.v1", 1);
        // Each answer takes so long that the run lasts for several rounds of statistics, one a second.
        kafka.SetRoundTripTime(1, TimeSpan.FromMilliseconds(250));
        string sink = $"kafka://{kafka.BootstrapServers}/t";
        using var run = new ProgramRun(
            "replay",
            "-r",
            Executable.Sample("http.pcap"),
            "--to",
            sink,
            "--exactly-once",
            "--metrics",
            $"{port}"
        );
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        string metrics = "";
        while (!metrics.Contains($"flowpipe_kafka_broker_up{{broker=\"1\",sink=\"{sink}\"}} 1", StringComparison.Ordinal))
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            metrics = await TryGetAsync(client, "/metrics");
        }
        Assert.Contains($"flowpipe_kafka_requests_total{{sink=\"{sink}\"}}", metrics, StringComparison.Ordinal);
        ProgramResult result = (await run.EndAsync()).Succeeded().WithoutBug();
        Assert.Equal(Samples.Sessions("http.pcap"), result.Ledger($"records delivered to {sink}"));
    }

    [Fact]
    public async Task FiguresGoToATopic()
    {
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic("t");
        kafka.CreateTopic("flowpipe.stats.v1");
        (
            await Executable.RunAsync([
                "replay",
                "-r",
                Executable.Sample("http.pcap"),
                "--to",
                $"kafka://{kafka.BootstrapServers}/t",
                "--stats-topic",
                "flowpipe.stats.v1",
                "--node",
                "probe-1",
                .. Plugin,
            ])
        ).Succeeded();
        byte[][] messages = [.. (await EmbeddedTopic.ReadAsync(kafka, "flowpipe.stats.v1")).Select(static message => message.Value)];
        Assert.NotEmpty(messages);
        var frame = new AvroSingleObject(StatsSchema.Json);
        var reader = new GenericDatumReader<GenericRecord>(StatsSchema.Parsed, StatsSchema.Parsed);
        GenericRecord last = messages
            .Select(message =>
            {
                Assert.True(frame.TryUnframe(message, out ReadOnlyMemory<byte> record));
                return reader.Read(null!, new BinaryDecoder(new MemoryStream(record.ToArray())));
            })
            .Last(static record => Equals(record["state"], "done")); // a tick may come between the end and the last word
        Assert.Equal("probe-1", last["node"]);
        Assert.Equal((long)Samples.Packets("http.pcap"), last["packets"]);
        var sink = (GenericRecord)((object[])last["sinks"])[0];
        Assert.Equal(sink["accepted"], sink["delivered"]);
        Assert.NotEqual(0L, sink["delivered"]);
        Assert.True((bool)last["balanced"]);
        var plugin = (GenericRecord)((object[])last["plugins"]).Single();
        Assert.Equal(("watch", 0L), (plugin["name"], plugin["errors"]));
        Assert.Equal(sink["accepted"], ((IDictionary<string, object>)plugin["counters"])["final_records"]);
        (
            await Executable.RunAsync("replay", "-r", Executable.Sample("ntp.pcap"), "--to", "null:", "--stats-topic", "flowpipe.stats.v1")
        ).Said(2, "stats.topic", "Kafka");
    }

    [Theory]
    [InlineData("9464", "127.0.0.1", 9464)]
    [InlineData("localhost:1", "localhost", 1)]
    [InlineData("[::1]:65535", "[::1]", 65535)]
    [InlineData("0.0.0.0:80", "+", 80)]
    public void AddressesAreTakenApart(string text, string host, int port)
    {
        Assert.True(ListenAddress.TryParse(text, out string parsedHost, out int parsedPort));
        Assert.Equal((host, port), (parsedHost, parsedPort));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData(":80")]
    [InlineData("host")]
    [InlineData("a/b:80")]
    [InlineData("host:-1")]
    public void WhatIsNoAddressIsRefused(string text) => Assert.False(ListenAddress.TryParse(text, out _, out _));

    [Fact]
    public void LibrdkafkasFiguresAreRead()
    {
        KafkaProducerFigures figures = KafkaProducerFigures.Parse(
            "s",
            """
            {"msg_cnt":3,"msg_size":400,"tx":5,"txmsgs":7,"brokers":{
              "a:1/1":{"nodeid":1,"state":"UP","rtt":{"avg":1500,"p99":9000},"outbuf_cnt":2,"txretries":4},
              "GroupCoordinator":{"nodeid":-1,"state":"INIT"}}}
            """
        )!;
        Assert.Equal((3, 400, 5, 7), (figures.QueueMessages, figures.QueueBytes, figures.Requests, figures.Messages));
        KafkaBrokerFigures broker = Assert.Single(figures.Brokers);
        Assert.Equal(
            (1, true, 0.0015, 0.009, 2, 4),
            (broker.Node, broker.IsUp, broker.RoundTripSeconds, broker.RoundTripP99Seconds, broker.Outgoing, broker.Retries)
        );
        Assert.Null(KafkaProducerFigures.Parse("s", "{"));
        Assert.Null(KafkaProducerFigures.Parse("s", "[]"));
    }

    private static async Task<string> TryGetAsync(HttpClient client, string path)
    {
        try
        {
            return await client.GetStringAsync(path, TestContext.Current.CancellationToken);
        }
        catch (HttpRequestException)
        {
            return ""; // not there yet
        }
    }

    private const int TimeLimitMs = 60_000;

    [GeneratedRegex("flowpipe_kafka_broker_up\\{broker=\"1\",sink=\"kafka://embedded/t\"\\} 1", RegexOptions.None, TimeLimitMs)]
    private static partial Regex KafkaUp();
}
