using System.Text.Json;
using FlowPipe.Tests.Unit.EndToEnd;

namespace FlowPipe.Tests.Kafka.Faults;

/// <summary>What became of a replay that a fault has met.</summary>
/// <param name="Program">How it ended and what it said.</param>
/// <param name="Stats">Its figures; undefined if it ended before it had any.</param>
/// <param name="Sink">Where its records went.</param>
/// <param name="PeakMemory">The most memory that it had resident, in bytes.</param>
internal sealed record FaultResult(ProgramResult Program, JsonElement Stats, string Sink, long PeakMemory)
{
    /// <summary>Librdkafka's queue of 8 MB, which the tests set, and four times what such a replay needs without a fault.</summary>
    private const long MemoryMax = 400 << 20;

    public long Made => Stats.GetProperty("records").GetInt64();

    public long Delivered => OfSink("delivered");

    public long Failed => OfSink("failed");

    /// <summary>Records of this run that are in the spool.</summary>
    public long Spooled => OfLedger("records in the spool of ");

    /// <summary>Records for which the spool had no room.</summary>
    public long Evicted => OfLedger("records evicted from the spool of ");

    /// <summary>Dead letters, whatever the reason.</summary>
    public long DeadLettered => OfLedger("records dead-lettered at ");

    /// <summary>Messages on stderr.</summary>
    public string[] Messages => FaultRun.MessagesOf(Program.Error);

    /// <summary>
    /// What holds whatever happened: each packet and each record has one fate, memory stayed within its limit, and what was said is as short as a
    /// person reads and has these words in it.
    /// </summary>
    /// <param name="linesMax">Messages that may have been said.</param>
    /// <param name="words">Words, each of which is in one of them.</param>
    public FaultResult Accounts(int linesMax, params string[] words)
    {
        Program.WithoutBug();
        Assert.True(Stats.GetProperty("ledger").GetProperty("balanced").GetBoolean(), Program.Error);
        long fates = 0;
        foreach (JsonElement line in Stats.GetProperty("ledger").GetProperty("lines").EnumerateArray())
        {
            string name = line.GetProperty("name").GetString()!;
            if (name.StartsWith("records ", StringComparison.Ordinal) && name != "records made")
                fates += line.GetProperty("count").GetInt64();
        }
        Assert.True(Made == fates, $"{Made} records made, {fates} have a fate:\n{Program.Error}");
        Assert.True(PeakMemory < MemoryMax, $"{PeakMemory >> 20} MB resident:\n{Program.Error}");
        return Tells(linesMax, words);
    }

    /// <summary>That what was said is short and has these words in it.</summary>
    public FaultResult Tells(int linesMax, params string[] words)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{string.Join('\n', Messages)}\n{PeakMemory >> 20} MB resident");
        foreach (string word in words)
            Assert.True(Messages.Any(line => line.Contains(word, StringComparison.Ordinal)), $"no message says '{word}':\n{Program.Error}");
        Assert.True(Messages.Length <= linesMax, $"more than {linesMax} messages:\n{Program.Error}");
        // Nobody but us may speak: librdkafka's own lines begin so.
        Assert.DoesNotContain("\n%", Program.Error, StringComparison.Ordinal);
        return this;
    }

    private long OfLedger(string name)
    {
        long count = 0;
        foreach (JsonElement line in Stats.GetProperty("ledger").GetProperty("lines").EnumerateArray())
            if (line.GetProperty("name").GetString()!.StartsWith(name, StringComparison.Ordinal))
                count += line.GetProperty("count").GetInt64();
        return count;
    }

    private long OfSink(string fate)
    {
        foreach (JsonElement sink in Stats.GetProperty("sinks").EnumerateArray())
            if (sink.GetProperty("name").GetString() == Sink)
                return sink.GetProperty(fate).GetInt64();
        Assert.Fail($"no figures of {Sink}: {Stats}");
        return -1;
    }
}
