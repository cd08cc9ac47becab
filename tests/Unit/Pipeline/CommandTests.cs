using System.Text.Json;
using FlowPipe.Core;
using FlowPipe.Pipeline.Commands;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Pipeline;

public sealed class CommandTests
{
    [Theory]
    [InlineData("")]
    [InlineData("demo")]
    [InlineData("replay")]
    [InlineData("consume")]
    [InlineData("fields")]
    [InlineData("schema")]
    [InlineData("config")]
    public async Task HelpHasExamplesOfTheCommand(string command)
    {
        string[] args = command.Length == 0 ? ["--help"] : [command, "--help"];
        CommandRun run = await CommandRun.OfAsync(args);
        Assert.Equal(0, run.Status);
        Assert.Equal("", run.Error);
        string examples = run.Out[run.Out.IndexOf("Examples:\n", StringComparison.Ordinal)..];
        Assert.Contains($"flowpipe {command}".TrimEnd(), examples, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("config")]
    public async Task EveryFlagOfTheTableIsInHelp(string command)
    {
        CommandRun run = await CommandRun.OfAsync(command, "--help");
        Assert.All(ConfigKeys.All.Where(key => key.Flag is not null), key => Assert.Contains(key.Flag!, run.Out, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--list")]
    public async Task ConfigDocumentsEveryKey(string flag)
    {
        CommandRun run = await CommandRun.OfAsync("config", flag);
        Assert.All(
            ConfigKeys.All,
            key =>
            {
                Assert.Contains($"  {key.Path}", run.Out, StringComparison.Ordinal);
                Assert.Contains(key.Accepts, run.Out, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public async Task WithoutACommandTheCommandsAreShown()
    {
        CommandRun run = await CommandRun.OfAsync();
        Assert.Equal(2, run.Status);
        Assert.Equal("", run.Out);
        Assert.Contains("flowpipe demo", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheVersionIsPrinted()
    {
        CommandRun run = await CommandRun.OfAsync("--version");
        Assert.Equal(0, run.Status);
        Assert.Matches(@"^\d+\.\d+\.\d+", run.Out);
    }

    [Fact]
    public async Task WrongUsageIsOneLineAndStatus2()
    {
        (await CommandRun.OfAsync("repaly")).AssertFailed(2, "no command 'repaly'", "did you mean 'replay'");
        (await CommandRun.OfAsync("replay", "--bfp", "x")).AssertFailed(2, "no option '--bfp'", "did you mean '--bpf'");
        (await CommandRun.OfAsync("replay")).AssertFailed(2, "-r FILE");
        (await CommandRun.OfAsync("replay", "-r", "-", "-r", "-")).AssertFailed(2, "stdin");
        (await CommandRun.OfAsync("replay", "-r", "a.pcap", "--partitions", "many")).AssertFailed(2, "--partitions", "from 0 to 256");
        (await CommandRun.OfAsync("replay", "-r", "a.pcap", "--positions", "some")).AssertFailed(2, "none, source");
        (await CommandRun.OfAsync("replay", "-r", "a.pcap", "--set", "sessions.tcpTimeot=1")).AssertFailed(2, "sessions.tcpTimeout");
        (await CommandRun.OfAsync("replay", "-r", "a.pcap", "--set", "novalue")).AssertFailed(2, "name=value");
        (await CommandRun.OfAsync("replay", "-r", "a.pcap", "--to", "table")).AssertFailed(2, "table:");
        (await CommandRun.OfAsync("replay", "-r", "a.pcap", "--to", "kafak://h/t")).AssertFailed(2, "kafak");
        (await CommandRun.OfAsync("replay", "-r", "a.pcap", "--to", "table:", "--to", "ndjson:-")).AssertFailed(2, "stdout");
        (await CommandRun.OfAsync("replay", "-r", "a.pcap", "-c", "/nowhere/f.yaml")).AssertFailed(2, "/nowhere/f.yaml");
        (await CommandRun.OfAsync("config", "--format", "xml")).AssertFailed(2, "xml");
        (await CommandRun.OfAsync("consume")).AssertFailed(2, "--from");
        (await CommandRun.OfAsync("consume", "--from", "a", "--format", "csv")).AssertFailed(2, "csv");
        (await CommandRun.OfAsync("consume", "--from", "a", "-n", "0")).AssertFailed(2, "-n");
        (await CommandRun.OfAsync("consume", "--from", "a", "--follow")).AssertFailed(2, "--follow");
        (await CommandRun.OfAsync("consume", "--from", "kafka://h:9092")).AssertFailed(2, "topic");
    }

    [Fact]
    public async Task FailuresAreOneLineAndStatus1()
    {
        (await CommandRun.OfAsync("consume", "--from", "/nowhere/a.avro")).AssertFailed(1, "/nowhere/a.avro");
        (await CommandRun.OfAsync("fields", "no such thing")).AssertFailed(1, "no such thing");
        (await CommandRun.OfAsync("replay", "-r", "a.pcap", "--stats", "/nowhere/stats.json")).AssertFailed(1, "/nowhere/stats.json");
    }

    [Fact]
    public async Task DebugShowsTheTrace()
    {
        CommandRun run = await CommandRun.OfAsync("consume", "--from", "/nowhere/a.avro", "--debug");
        Assert.Equal(1, run.Status);
        Assert.Contains(nameof(FlowPipeException), run.Error, StringComparison.Ordinal);
        Assert.Contains("   at FlowPipe.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConfigShowsValuesAndWhereTheyCameFrom()
    {
        var run = new CommandRun(new System.Collections.Hashtable { ["FLOWPIPE__NODE"] = "from-env" });
        await run.RunAsync("config", "--format", "json", "--tag", "a", "--tag", "b");
        Assert.Equal(0, run.Status);
        using JsonDocument json = JsonDocument.Parse(run.Out);
        Assert.Equal("from-env", json.RootElement.GetProperty("node").GetProperty("value").GetString());
        Assert.Equal("environment FLOWPIPE__NODE", json.RootElement.GetProperty("node").GetProperty("source").GetString());
        Assert.Equal(
            ["a", "b"],
            json.RootElement.GetProperty("tags").GetProperty("value").EnumerateArray().Select(tag => tag.GetString()!)
        );
        Assert.Equal("flag --tag", json.RootElement.GetProperty("tags").GetProperty("source").GetString());
        Assert.Equal(480, json.RootElement.GetProperty("sessions.tcpTimeout").GetProperty("value").GetInt32());
    }

    [Fact]
    public async Task ConfigListIsAlsoForPrograms()
    {
        CommandRun run = await CommandRun.OfAsync("config", "--list", "--format", "json");
        using JsonDocument json = JsonDocument.Parse(run.Out);
        Assert.Equal(
            ConfigKeys.All.Select(key => key.Path),
            json.RootElement.EnumerateArray()
                .Select(key => key.GetProperty("name").GetString()!)
                .Where(static name => !name.StartsWith("parsers.", StringComparison.Ordinal)) // those of the parsers that are found
        );
    }

    [Fact]
    public async Task FieldsAreListedAndFiltered()
    {
        CommandRun all = await CommandRun.OfAsync("fields", "--format", "json");
        using JsonDocument json = JsonDocument.Parse(all.Out);
        Assert.Equal(
            FieldDictionary.Default.Fields.Select(field => field.Name),
            json.RootElement.EnumerateArray().Select(field => field.GetProperty("name").GetString()!)
        );

        CommandRun some = await CommandRun.OfAsync("fields", "INITRTT");
        string[] lines = some.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("initRTT  general  init_rtt_ms  initRTT", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheSchemaIsPrinted()
    {
        Assert.Equal(SessionSchema.Json, (await CommandRun.OfAsync("schema")).Out);
        Assert.Equal(
            Convert.ToHexStringLower(SessionSchema.Fingerprint) + "\n",
            (await CommandRun.OfAsync("schema", "--format", "fingerprint")).Out
        );
        string canonical = (await CommandRun.OfAsync("schema", "--format", "canonical")).Out;
        Assert.Equal(canonical, Avro.SchemaNormalization.ToParsingForm(Avro.Schema.Parse(canonical)) + "\n");
        Assert.Equal(SessionSchema.Fingerprint, Avro.SchemaNormalization.ParsingFingerprint("CRC-64-AVRO", Avro.Schema.Parse(canonical)));
    }

    [Fact]
    public async Task DefinitionsForConsumersArePrinted()
    {
        foreach (string name in ConsumerDefinitions.Names)
        {
            var target = new ConsumerTarget { Encoding = ConsumerDefinitions.EncodingsOf(name)[0] };
            CommandRun run = await CommandRun.OfAsync("schema", "--as", name);
            Assert.Equal((0, ""), (run.Status, run.Error));
            Assert.Equal(ConsumerDefinitions.Print(name, target), run.Out);
        }
        CommandRun mine = await CommandRun.OfAsync(
            "schema",
            "--as",
            "clickhouse",
            "--encoding",
            "confluent",
            "--from",
            "kafka://b:9/my.topic"
        );
        Assert.Contains("kafka_broker_list = 'b:9', kafka_topic_list = 'my.topic'", mine.Out, StringComparison.Ordinal);
        Assert.Contains("AvroConfluent", mine.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'clickhous' not recognized", "schema", "--as", "clickhous")]
    [InlineData("ClickHouse and --encoding avro", "schema", "--as", "clickhouse", "--encoding", "avro")]
    [InlineData("--format is for the Avro schema", "schema", "--as", "flink", "--format", "canonical")]
    [InlineData("write kafka://BROKERS/TOPIC", "schema", "--as", "flink", "--from", "ndjson:a")]
    [InlineData("no topic", "schema", "--as", "flink", "--from", "kafka://b:9")]
    [InlineData("embedded broker", "schema", "--as", "flink", "--from", "kafka://embedded/t")]
    public async Task WrongDefinitionsAreRefused(string message, params string[] args) =>
        (await CommandRun.OfAsync(args)).AssertFailed(ExitStatus.WrongUsage, message);

    [Fact]
    public void ASecondSignalAborts()
    {
        var run = new CommandRun();
        using var signals = new StopSignals(run.Context.Status, deadlineSeconds: 86_400);
        Assert.False(signals.Stop.IsCancellationRequested);
        Assert.True(signals.Receive("SIGINT"));
        Assert.True(signals.Stop.IsCancellationRequested);
        Assert.False(signals.Abort.IsCancellationRequested);
        Assert.True(signals.Receive("SIGTERM"));
        Assert.True(signals.Abort.IsCancellationRequested);
        Assert.False(signals.Receive("SIGTERM"));
        Assert.Equal(2, run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void ANewcomerWithoutSamplesIsToldSo()
    {
        var error = Assert.Throws<FlowPipeException>(() => DemoCommand.FindSamples("/nowhere/at/all"));
        Assert.Contains("/nowhere/at/all", error.Message, StringComparison.Ordinal);
    }
}
