using FlowPipe.Abstractions;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Stats;
using FlowPipe.Pipeline;

namespace FlowPipe.Tests.Unit.Stats;

/// <summary>DESIGN law 5: what the account says, and that it notices what is missing.</summary>
public sealed class LedgerBookTests
{
    private static readonly SessionCounts Sessions = new() { RecordPackets = 90, Records = 12 };

    [Fact]
    public void WhatAddsUpIsBalanced()
    {
        Ledger ledger = Close(100, Verdicts(90, (PacketRc.Corrupt, 7), (PacketRc.UnknownIp, 3)), Sessions, [Sink(12, 12)]);
        Assert.True(ledger.Balanced);
        Assert.Null(ledger.Imbalance);
        Assert.Equal(
            [
                ("packets read", 100L),
                ("packets in records", 90L),
                ("packets without a session: cut short or contradictory", 7L),
                ("packets without a session: unknown IP protocol", 3L),
                ("records made", 12L),
                ("records delivered to null:", 12L),
            ],
            ledger.Lines.Select(line => (line.Name, line.Count))
        );
    }

    [Theory]
    [InlineData(99)]
    [InlineData(101)]
    public void APacketTooManyOrTooFewIsNoticed(long read)
    {
        Ledger ledger = Close(read, Verdicts(90, (PacketRc.Corrupt, 10)), Sessions, [Sink(12, 12)]);
        Assert.False(ledger.Balanced);
        Assert.Contains($"{read} packets were read", ledger.Imbalance, StringComparison.Ordinal);
    }

    [Fact]
    public void ARecordThatDidNotReachASinkIsNoticed()
    {
        Ledger ledger = Close(90, Verdicts(90), Sessions, [Sink(12, 12), Sink(11, 11)]);
        Assert.False(ledger.Balanced);
        Assert.Contains("11 reached null:", ledger.Imbalance, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatASinkCouldNotDeliverIsALine()
    {
        SinkFigures sink = Sink(12, 5) with { Failed = 4, Open = 3 };
        Ledger ledger = Close(90, Verdicts(90), Sessions, [sink]);
        // It has reached the sink, so the account is right; that the run is no success is said elsewhere.
        Assert.True(ledger.Balanced);
        Assert.Equal(4, Count(ledger, "records failed at null:"));
        Assert.Equal(3, Count(ledger, "records undelivered at null:"));
    }

    [Fact]
    public void EveryFateOfARecordIsALine()
    {
        SinkFigures sink = Sink(15, 5) with
        {
            Copied = 3,
            DeadLettered = new Dictionary<string, long>(StringComparer.Ordinal) { ["too-large"] = 2, ["policy"] = 1 },
            Spooled = 4,
            Evicted = 3,
        };
        Ledger ledger = Close(90, Verdicts(90), Sessions, [sink]);
        Assert.True(ledger.Balanced, ledger.Imbalance);
        Assert.Equal(3, Count(ledger, "records copied by routes at null:"));
        Assert.Equal(2, Count(ledger, "records dead-lettered at null:: too-large"));
        Assert.Equal(1, Count(ledger, "records dead-lettered at null:: policy"));
        Assert.Equal(4, Count(ledger, "records in the spool of null:"));
        Assert.Equal(3, Count(ledger, "records evicted from the spool of null:"));
    }

    [Fact]
    public void ARecordThatIsCountedTwiceIsNoticed()
    {
        Ledger ledger = Close(90, Verdicts(90), Sessions, [Sink(12, 12) with { Open = -1 }]);
        Assert.False(ledger.Balanced);
        Assert.Contains("13 have met their fates", ledger.Imbalance, StringComparison.Ordinal);
    }

    [Fact]
    public void WhileItRunsNothingIsDemanded()
    {
        SessionCounts half = Sessions with { OpenPackets = 8 };
        Ledger ledger = LedgerBook.Close(Reader(500), Verdicts(98), half, [Sink(3, 1)], atEnd: false);
        Assert.True(ledger.Balanced);
        Assert.Equal(8, Count(ledger, "packets in open sessions"));
    }

    [Fact]
    public void WhatAPluginsProtocolFailedOnIsAccountedFor()
    {
        SessionCounts failed = Sessions with { Failed = 3 };
        Ledger ledger = Close(93, Verdicts(93), failed, [Sink(12, 12)]);
        Assert.True(ledger.Balanced);
        Assert.Equal(3, Count(ledger, "packets without a session: a plugin's protocol failed"));
        Assert.False(Close(94, Verdicts(94), failed, [Sink(12, 12)]).Balanced);
    }

    [Fact]
    public void EveryVerdictIsNamedInWords()
    {
        PacketRc[] dropped = [.. Enum.GetValues<PacketRc>().Where(verdict => verdict != PacketRc.DoProcess)];
        Ledger ledger = Close(90 + dropped.Length, Verdicts(90, [.. dropped.Select(verdict => (verdict, 1L))]), Sessions, [Sink(12, 12)]);
        Assert.True(ledger.Balanced);
        string[] names =
        [
            .. ledger.Lines.Select(line => line.Name).Where(name => name.StartsWith("packets without", StringComparison.Ordinal)),
        ];
        Assert.Equal(dropped.Length, names.Distinct(StringComparer.Ordinal).Count());
        Assert.All(dropped, verdict => Assert.DoesNotContain(names, name => name.EndsWith(": " + verdict, StringComparison.Ordinal)));
    }

    private static Ledger Close(long read, long[] verdicts, SessionCounts sessions, IReadOnlyList<SinkFigures> sinks) =>
        LedgerBook.Close(Reader(read), verdicts, sessions, sinks, atEnd: true);

    private static ReaderCounts Reader(long packets)
    {
        var counts = new ReaderCounts();
        counts.AddPackets(packets);
        return counts;
    }

    private static long[] Verdicts(long processed, params (PacketRc Verdict, long Count)[] dropped)
    {
        var verdicts = new long[Enum.GetValues<PacketRc>().Length];
        verdicts[(int)PacketRc.DoProcess] = processed;
        foreach ((PacketRc verdict, long count) in dropped)
            verdicts[(int)verdict] = count;
        return verdicts;
    }

    private static SinkFigures Sink(long accepted, long delivered) =>
        new()
        {
            Name = "null:",
            Accepted = accepted,
            Delivered = delivered,
        };

    private static long Count(Ledger ledger, string name) => Assert.Single(ledger.Lines, line => line.Name == name).Count;
}
