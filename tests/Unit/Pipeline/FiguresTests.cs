using System.Text;
using System.Text.Json;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Stats;
using FlowPipe.Pipeline.Commands;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Sinks;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Tests.Unit.Pipeline;

public sealed class FiguresTests
{
    private static readonly RunSnapshot Final = new()
    {
        State = "done",
        Seconds = 2,
        Reader = new ReaderFigures
        {
            Packets = 3_000_000,
            Bytes = 1_500_000_000,
            Sources = 2,
        },
        Records = 12_345,
        Blocks = [new BlockFigures { Name = "enqueue" }, new BlockFigures { Name = "session 0", Queued = 7 }],
        Sinks =
        [
            new SinkFigures
            {
                Name = "null:",
                Accepted = 12_345,
                Delivered = 12_345,
            },
        ],
        Ledger = new Ledger
        {
            Lines = [new LedgerLine { Name = "packets read", Count = 3_000_000 }, new LedgerLine { Name = "records made", Count = 12_345 }],
        },
    };

    [Fact]
    public void ProgressIsOneLine()
    {
        string line = Progress.Format(Final with { Seconds = 1, Reader = new ReaderFigures() }, Final);
        Assert.Equal(
            "   2 s done: 3,000,000 packets, 1.50 GB (3.0 M/s, 1.50 GB/s), 0 sessions open, 12,345 records, queued session 0 7",
            line
        );
    }

    [Fact]
    public void TheLedgerIsATable()
    {
        Assert.Equal(
            [
                "done after 2.000 s: 3,000,000 packets, 1.50 GB (1.5 M/s, 750 MB/s), 12,345 records",
                "  packets read  3,000,000",
                "  records made     12,345",
                "  ledger: balanced",
            ],
            LedgerTable.Format(Final)
        );
        var plugin = new PluginFigure
        {
            Name = "watch",
            Errors = 1,
            Counters = new Dictionary<string, long>(StringComparer.Ordinal) { ["hits"] = 1_000, ["misses"] = 0 },
        };
        Assert.Contains("  plugin watch: hits 1,000, misses 0, errors 1", LedgerTable.Format(Final with { Plugins = [plugin] }));
        RunSnapshot wrong = Final with { Ledger = Final.Ledger with { Balanced = false, Imbalance = "1 packet" } };
        Assert.Contains("NOT BALANCED: 1 packet", LedgerTable.Format(wrong).Last(), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatKeepsARunFromSuccessIsSaid()
    {
        Assert.Empty(Replay.Faults(Final, aborted: false));
        RunSnapshot bad = Final with
        {
            Reader = Final.Reader with { Damaged = 1 },
            Sinks =
            [
                new SinkFigures
                {
                    Name = "kafka://h/t",
                    Accepted = 10,
                    Delivered = 7,
                    Failed = 2,
                    Open = 1,
                },
            ],
            Ledger = Final.Ledger with { Balanced = false, Imbalance = "a packet too few" },
        };
        string[] faults = [.. Replay.Faults(bad, aborted: true)];
        Assert.Equal(4, faults.Length);
        Assert.Contains("1 of 2 inputs", faults[1], StringComparison.Ordinal);
        Assert.Contains("kafka://h/t: 3 of 10 records", faults[2], StringComparison.Ordinal);
        Assert.Contains("a packet too few", faults[3], StringComparison.Ordinal);
    }

    [Fact]
    public void WhatLimitsHaveDoneIsSaid()
    {
        Assert.Null(Replay.Forced(new SessionFigures()));
        string forced = Replay.Forced(
            new SessionFigures
            {
                Emergencies = 2,
                Evicted = 1_234,
                EndedEarly = 5,
            }
        )!;
        Assert.Contains("1,234 sessions were evicted", forced, StringComparison.Ordinal);
        Assert.Contains("5 ended", forced, StringComparison.Ordinal);
    }

    [Fact]
    public void TheStatsFileIsJson()
    {
        var run = new CommandRun();
        using (StatsFile file = StatsFile.Open("-", run.Context))
            file.Write(Final);
        using JsonDocument json = JsonDocument.Parse(run.Out);
        Assert.Equal("done", json.RootElement.GetProperty("state").GetString());
        Assert.Equal(3_000_000, json.RootElement.GetProperty("reader").GetProperty("packets").GetInt64());
        Assert.True(json.RootElement.GetProperty("ledger").GetProperty("balanced").GetBoolean());
        Assert.Equal("null:", json.RootElement.GetProperty("sinks")[0].GetProperty("name").GetString());
    }

    [Fact]
    public void TheLiveLineGivesWay()
    {
        var run = new CommandRun(isTerminal: true);
        run.Context.Status.Progress(new string('x', 500));
        run.Context.Status.Message("two\r\nlines");
        run.Context.Status.Clear();
        const string erase = "\r\e[K";
        Assert.Equal(erase + new string('x', 159) + erase + "flowpipe: two lines\n", run.Error);
    }

    [Fact]
    public void ProgressIsALineEachWithoutATerminal()
    {
        var run = new CommandRun();
        run.Context.Status.Progress("a");
        run.Context.Status.Progress("b");
        run.Context.Status.Clear();
        Assert.Equal("a\nb\n", run.Error);
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.00 kB")]
    [InlineData(12_340, "12.3 kB")]
    [InlineData(long.MaxValue, "9223 PB")]
    public void BytesHaveUnits(long bytes, string text) => Assert.Equal(text, Figures.Bytes(bytes));

    [Fact]
    public async Task SinksAreMadeOfTheSettings()
    {
        var run = new CommandRun();
        var settings = new FlowPipeSettings { To = ["null:", "table:", "kafka://h:1/t", "kafka://h:1/t?format=json"], Format = "avro" };
        IReadOnlyList<ISpiSink> sinks = SinkBuilder.Create(settings, run.Context);
        Assert.Equal(["null:", "table:", "kafka://h:1/t", "kafka://h:1/t"], sinks.Select(sink => sink.Name));
        Assert.Equal([true, false, true, false], sinks.Select(sink => sink.WantsAvro));
        Assert.Equal([false, true, false, true], sinks.Select(sink => sink.WantsJson));
        foreach (ISpiSink sink in sinks)
            await sink.DisposeAsync();
        Assert.Throws<FlowPipeException>(() => SinkBuilder.Create(settings with { To = [] }, run.Context));
        Assert.Throws<FlowPipeException>(() => SinkBuilder.Create(settings with { To = ["table:x"] }, run.Context));
        Assert.Throws<FlowPipeException>(() =>
            SinkBuilder.Create(
                settings with
                {
                    To = ["table:"],
                    Stats = new StatsSettings { File = "-" },
                },
                run.Context
            )
        );
    }

    [Fact]
    public async Task TheTableSinkCountsWhatItShows()
    {
        var run = new CommandRun();
        await using var sink = new TableSink(run.Context);
        var batch = new FlowPipe.Core.Messages.SpiBatch(null);
        batch.Json = Encoding.UTF8.GetBytes("{\"source\":{\"ip\":\"1.2.3.4\"}}{}");
        batch.JsonLength = batch.Json.Length;
        FlowPipe.Core.Messages.SpiRecord first = batch.Add();
        first.JsonRange = ..27;
        first.Reason = Abstractions.EndReason.MaxPackets;
        batch.Add().JsonRange = 27..29;
        await sink.WriteAsync(batch);
        await sink.FlushAsync(CancellationToken.None);

        string[] lines = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.Contains(" 1.2.3.4 ", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("maxpackets", lines[1], StringComparison.Ordinal);
        Assert.Equal((2, 2, 0), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Open));
    }
}
