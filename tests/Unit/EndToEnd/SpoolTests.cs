using System.Text.Json;
using FlowPipe.Core.Consuming;
using FlowPipe.Core.Emitting;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>The program with brokers that are gone: what it leaves on the disk, and how that comes to where it was to go.</summary>
public sealed class SpoolTests : IDisposable
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private readonly TemporaryFolder _folder = new();
    private readonly EmbeddedKafka _kafka = new();
    private readonly string _sink;
    private readonly string _spool;

    public SpoolTests()
    {
        _kafka.CreateTopic("t", 1);
        _sink = $"kafka://{_kafka.BootstrapServers}/t?timeout=1";
        _spool = Path.Combine(_folder.Path, "spool");
    }

    public void Dispose()
    {
        _kafka.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task WhatIsLeftAtTheEndIsSentByTheDrainCommand()
    {
        _kafka.SetBrokerUp(1, false);
        string stats = Path.Combine(_folder.Path, "stats.json");
        ProgramResult run = await Executable.RunAsync([.. Replay("--drain-deadline", "1"), "--stats", stats]);
        int sessions = Samples.Sessions("dns.pcap");
        run.Said(1, $"{sessions} records are left in the spool", "flowpipe spool drain").WithoutBug();
        Assert.Equal(sessions, run.Ledger("records made"));
        Assert.Contains("ledger: balanced", run.Error, StringComparison.Ordinal);
        JsonElement sink = JsonElement.Parse(await File.ReadAllBytesAsync(stats, Stop)).GetProperty("sinks")[0];
        Assert.Equal(sessions, sink.GetProperty("spooled").GetInt32());

        ProgramResult list = (await Executable.RunAsync("spool", "ls", "--spool", _spool)).Succeeded();
        Assert.Contains(_sink, list.Lines[1], StringComparison.Ordinal);
        Assert.Contains("waits", list.Lines[1], StringComparison.Ordinal);
        Assert.Contains(
            "whole",
            (await Executable.RunAsync("spool", "verify", "--spool", _spool)).Succeeded().Out,
            StringComparison.Ordinal
        );

        // Nobody there yet: nothing is lost by trying.
        (await Executable.RunAsync("spool", "drain", "--spool", _spool, "--set", "drainDeadline=1"))
            .Ended(1)
            .WithoutBug();
        _kafka.SetBrokerUp(1, true);
        ProgramResult drain = (await Executable.RunAsync("spool", "drain", "--spool", _spool)).Succeeded().WithoutBug();
        Assert.Contains($"{sessions} records delivered", drain.Out, StringComparison.Ordinal);
        Assert.Equal(sessions, (await ReadAsync()).Distinct().Count());
        Assert.Equal("empty", (await Executable.RunAsync("spool", "ls", "--spool", _spool)).Succeeded().Lines[1].Split("  ")[^2].Trim());
    }

    [Fact]
    public async Task ManifestAndFiguresDoWithoutBrokersToo()
    {
        string manifest = Path.Combine(_folder.Path, "run.json");
        string sink = $"kafka://127.0.0.1:{SilentServer.ClosedPort()}/t?timeout=1";
        string[] more = ["--drain-deadline", "1", "--manifest", manifest, "--set", "stats.topic=figures"];
        ProgramResult run = await Executable.RunAsync([.. Replay(more).Select(word => word == _sink ? sink : word)]);
        int sessions = Samples.Sessions("dns.pcap");
        run.Said(1, "figures", "no answer from the brokers").Said(1, "never answered").Said(1, "manifest will be in", "alone").WithoutBug();
        run.Said(1, $"{sessions} records are left in the spool");
        JsonElement written = JsonElement.Parse(await File.ReadAllBytesAsync(manifest, Stop));
        Assert.Equal(sessions, written.GetProperty("records").GetInt32());

        // Without a spool nothing is begun.
        ProgramResult refused = await Executable.RunAsync(
            "replay",
            "-r",
            Executable.Sample("dns.pcap"),
            "--to",
            sink,
            "--manifest",
            manifest
        );
        refused.Said(1, "no answer from the brokers").WithoutBug();
    }

    [Fact]
    public async Task FiguresBeginWhenTheBrokersAreBack()
    {
        _kafka.CreateTopic("figures", 1);
        _kafka.SetBrokerUp(1, false);
        using ProgramRun run = ProgramRun.WithSignals([
            .. Replay("--set", "stats.topic=figures")
                .Select(static word => word.EndsWith("dns.pcap", StringComparison.Ordinal) ? "-" : word),
        ]);
        await run.SaysAsync("figures are sent from when they are back");
        _kafka.SetBrokerUp(1, true);
        await run.SaysAsync("figures: the brokers answer; figures are sent");
        run.Input.Close();
        (await run.EndAsync()).WithoutBug();
        Assert.NotEmpty(await ReadAsync("figures"));
    }

    [Fact]
    public async Task KilledItLeavesWhatWasSpooled()
    {
        _kafka.SetBrokerUp(1, false);
        using (ProgramRun run = ProgramRun.WithSignals(Replay("--drain-deadline", "600")))
        {
            await run.SaysAsync("delivering");
            Assert.True(await run.KillAsync());
        }
        // As if it had died in the middle of a write.
        string segment = Assert.Single(Directory.GetFiles(_spool, "*.seg", SearchOption.AllDirectories));
        await using (FileStream tail = File.Open(segment, FileMode.Append))
            tail.Write("half an entry"u8);
        _kafka.SetBrokerUp(1, true);
        ProgramResult next = (await Executable.RunAsync(Replay())).Succeeded().WithoutBug();
        int sessions = Samples.Sessions("dns.pcap");
        Assert.Contains($"{sessions} records of earlier runs are in the spool", next.Error, StringComparison.Ordinal);
        Assert.Contains("13 bytes behind the last whole record", next.Error, StringComparison.Ordinal);
        Assert.Equal(sessions, next.Ledger("records made"));
        // The same capture, the same ids: both runs' records are there.
        List<string> read = await ReadAsync();
        Assert.Equal((2 * sessions, sessions), (read.Count, read.Distinct().Count()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ASignalSpoolsWhatIsLeft(bool twice)
    {
        using ProgramRun run = ProgramRun.WithSignals([
            .. Replay("--drain-deadline", twice ? "600" : "1")
                .Select(static word => word.EndsWith("dns.pcap", StringComparison.Ordinal) ? "-" : word),
        ]);
        byte[] capture = await File.ReadAllBytesAsync(Executable.Sample("dns.pcap"), Stop);
        await run.Input.WriteAsync(capture, Stop);
        await run.Input.FlushAsync(Stop);
        await run.SaysAsync($" {Samples.Packets("dns.pcap")} packets");
        _kafka.SetBrokerUp(1, false);
        run.Terminate();
        await run.SaysAsync("SIGTERM: reading no more");
        if (twice)
        {
            await run.SaysAsync("delivering:");
            run.Interrupt();
        }
        ProgramResult result = (await run.EndAsync()).Said(1, "left in the spool").WithoutBug();
        Assert.Contains("ledger: balanced", result.Error, StringComparison.Ordinal);
        int sessions = Samples.Sessions("dns.pcap");
        Assert.Equal(sessions, result.Ledger("records made"));
        _kafka.SetBrokerUp(1, true);
        (await Executable.RunAsync("spool", "drain", "--spool", _spool)).Succeeded();
        Assert.Equal(sessions, (await ReadAsync()).Distinct().Count());
    }

    [Fact]
    public async Task RecordsThatAreTooLargeAreDeadLettersAndTheRunIsNoSuccess()
    {
        string config = _folder.Write("flowpipe.yaml", "kafka:\n  message.max.bytes: 2000\n"u8);
        ProgramResult run = await Executable.RunAsync("replay", "-r", Executable.Sample("http.pcap"), "-c", config, "--to", _sink);
        run.Ended(1).WithoutBug();
        long dead = run.Ledger($"records dead-lettered at {Name}: too-large");
        Assert.True(dead > 0);
        Assert.Equal(run.Ledger("records made"), dead + run.Ledger($"records delivered to {Name}"));
        Assert.Contains("ledger: balanced", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RoutesOfTheConfigurationFileSendRecordsOn()
    {
        _kafka.CreateTopic("dns", 1);
        _kafka.CreateTopic("rest", 1);
        string config = _folder.Write(
            "flowpipe.yaml",
            "routes:\n  - topic: dns\n    protocols: [dns, mdns]\n    only: true\n  - rest?protocol=http\n"u8
        );
        string[] captures = ["-r", Executable.Sample("dns.pcap"), "-r", Executable.Sample("http.pcap")];
        ProgramResult run = (await Executable.RunAsync(["replay", .. captures, "-c", config, "--to", _sink])).Succeeded().WithoutBug();
        List<string> dns = await ReadAsync("dns");
        List<string> http = await ReadAsync("rest");
        List<string> others = await ReadAsync();
        Assert.NotEmpty(dns);
        Assert.NotEmpty(http);
        Assert.Empty(dns.Intersect(others));
        Assert.Subset(others.ToHashSet(StringComparer.Ordinal), http.ToHashSet(StringComparer.Ordinal));
        Assert.Equal(run.Ledger("records made"), dns.Count + others.Count);
        Assert.Equal(http.Count, run.Ledger($"records copied by routes at {Name}"));
        Assert.Equal(dns.Count + others.Count + http.Count, run.Ledger($"records delivered to {Name}"));

        ProgramResult wrong = await Executable.RunAsync("replay", "-r", "x", "--set", "routes=nowhere");
        wrong.Said(2, "routes", "TOPIC?protocol=NAME");
    }

    [Theory]
    [InlineData("which spool", "spool", "ls")]
    [InlineData("can't be read", "spool", "ls", "--spool", "/no/such/folder")]
    [InlineData("spool.use", "replay", "-r", "x", "--exactly-once", "--to", "kafka://a/b", "--spool", "d", "--set", "spool.use=always")]
    public async Task WhatIsWrongIsSaid(string words, params string[] command)
    {
        ProgramResult result = await Executable.RunAsync(command);
        result.Said(command.Length == 4 ? 1 : 2, words).WithoutBug();
    }

    private string Name => _sink[.._sink.IndexOf('?', StringComparison.Ordinal)];

    private string[] Replay(params string[] more) =>
        [
            "replay",
            "-r",
            Executable.Sample("dns.pcap"),
            "--to",
            _sink,
            "--spool",
            _spool,
            "--set",
            "spool.use=always",
            "--set",
            "kafka.message.timeout.ms=1000",
            .. more,
        ];

    /// <summary>The ids of a topic's records.</summary>
    private async Task<List<string>> ReadAsync(string topic = "t")
    {
        using var reader = new KafkaTopicReader(
            new KafkaTarget(_kafka.BootstrapServers, topic),
            new Dictionary<string, string>(StringComparer.Ordinal)
        );
        await reader.OpenAsync(Stop);
        return [.. reader.Read(follow: false, Stop).SelectMany(static batch => batch).Select(static record => record.Header("id")!)];
    }
}
