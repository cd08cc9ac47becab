using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Stats;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// Captures that trip dissectors, as they are, cut, and with bytes changed, through the whole pipeline: it ends, in time, with a balanced ledger, what
/// was readable is kept, and what was wrong is said. <c>FLOWPIPE_MALFORMED=20</c> makes 20 cuts and 20 changes of each instead of 2.
/// </summary>
/// <remarks>Measures what the process keeps, so nothing may run beside it.</remarks>
[Collection(nameof(Alone))]
public sealed class MalformedTests
{
    private const string RoundsVariable = "FLOWPIPE_MALFORMED";
    private const int FewRounds = 2;
    private const int Partitions = 3;
    private const int MostChanges = 20;

    /// <summary>A run of a small capture is mostly the reader, which is one thread.</summary>
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 4 };

    /// <summary>Longest a short run takes of one file's variants: a bomb of 100 MB is run as it is.</summary>
    private const int LargestVaried = 1 << 20;

    /// <summary>What the managed heap may have grown by in the end: the pools of one run, and what xunit keeps.</summary>
    private const long MostGrowth = 64L << 20;

    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    /// <summary>Compressions expand: these are run through the watchdog as they are and not varied.</summary>
    private static bool IsVaried(string path, byte[] bytes) =>
        bytes.Length <= LargestVaried && !path.Contains("bomb", StringComparison.Ordinal);

    [Fact]
    public async Task EachEndsWithAVerdict()
    {
        string[] paths = Repository.Captures(Repository.Shared("corpus", "malformed", "pcap"));
        int rounds = int.TryParse(Environment.GetEnvironmentVariable(RoundsVariable), CultureInfo.InvariantCulture, out int given)
            ? given
            : FewRounds;
        ConcurrentBag<string> failures = [];
        long runs = 0;
        await TryAsync(paths[0], await File.ReadAllBytesAsync(paths[0], TestContext.Current.CancellationToken), "to warm up", failures);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        await Parallel.ForEachAsync(
            paths,
            AtOnce,
            async (path, cancel) =>
            {
                byte[] bytes = await File.ReadAllBytesAsync(path, cancel);
                await TryAsync(path, bytes, "as it is", failures);
                Interlocked.Increment(ref runs);
                for (int round = 0; round < rounds && bytes.Length > 0 && IsVaried(path, bytes); round++)
                {
                    var random = new Random(HashCode(path) + round);
                    int cut = random.Next(bytes.Length);
                    await TryAsync(path, bytes[..cut], $"cut at {cut}", failures);
                    byte[] changed = [.. bytes];
                    for (int i = 0; i < MostChanges; i++)
                        changed[random.Next(changed.Length)] = (byte)random.Next(256);
                    await TryAsync(path, changed, $"changed, round {round}", failures);
                    Interlocked.Add(ref runs, 2);
                }
            }
        );
        long growth = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(failures.IsEmpty, $"{failures.Count} of {runs} runs:\n{string.Join('\n', failures.Order().Take(50))}");
        Assert.True(growth < MostGrowth, $"{runs} runs have left {growth >> 20} MiB behind");
    }

    /// <summary>The packets before the error are those that capinfos reads of the same file, and the error is said.</summary>
    [Fact]
    public async Task ReadablePacketsAreKeptAndErrorsSaid()
    {
        string corpus = Repository.Shared("corpus", "malformed");
        string[][] rows = [.. File.ReadLines(Path.Combine(corpus, "index.tsv")).Select(static line => line.Split('\t'))];
        int file = Array.IndexOf(rows[0], "file");
        int frames = Array.IndexOf(rows[0], "tshark_frames");
        int error = Array.IndexOf(rows[0], "capinfos_error");
        int status = Array.IndexOf(rows[0], "tshark_rc");
        ConcurrentDictionary<string, string> wrong = [];
        await Parallel.ForEachAsync(
            rows.Skip(1),
            AtOnce,
            async (row, cancel) =>
            {
                Outcome outcome = await RunAsync(await File.ReadAllBytesAsync(Path.Combine(corpus, "pcap", row[file]), cancel), row[file]);
                string messages = string.Join("; ", outcome.Messages);
                if (outcome.Messages.Any(message => !message.Contains(row[file], StringComparison.Ordinal)))
                    wrong[row[file]] = $"a message does not name the file: {messages}";
                else if (long.TryParse(row[frames], CultureInfo.InvariantCulture, out long expected) && outcome.Packets < expected)
                    wrong[row[file]] = $"tshark reads {expected} packets, we {outcome.Packets} ({messages})";
                // link types and versions that tshark refuses are read here, and counted by verdict
                else if (row[status] != "0" && !row[error].Contains("doesn't support", StringComparison.Ordinal) && messages.Length == 0)
                    wrong[row[file]] = $"tshark fails with {row[status]}, we say nothing of {outcome.Packets} packets";
            }
        );
        Dictionary<string, string> excepted = Exceptions();
        IEnumerable<string> failures = wrong.Where(one => !excepted.ContainsKey(one.Key)).Select(static one => $"{one.Key}: {one.Value}");
        IEnumerable<string> needless = excepted.Keys.Where(name => !wrong.ContainsKey(name));
        Assert.True(!failures.Any(), string.Join('\n', failures.Order()));
        Assert.True(!needless.Any(), $"no longer differ: {string.Join(", ", needless)}");
    }

    private static Dictionary<string, string> Exceptions() =>
        File.ReadLines(Repository.Path("tests", "Conformance", "malformed-exceptions.tsv"))
            .Where(static line => !line.StartsWith('#'))
            .Select(static line => line.Split('\t'))
            .ToDictionary(static columns => columns[0], static columns => columns[1]);

    private static async Task TryAsync(string path, byte[] bytes, string what, ConcurrentBag<string> failures)
    {
        string name = Path.GetFileName(path);
        var time = Stopwatch.StartNew();
        try
        {
            await RunAsync(bytes, name).WaitAsync(Watchdog);
        }
        catch (Exception e)
        {
            failures.Add($"{name} {what}, after {time.Elapsed.TotalSeconds:f1} s: {e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>What a run of a capture came to.</summary>
    private sealed record Outcome(long Packets, List<string> Messages);

    private static async Task<Outcome> RunAsync(byte[] bytes, string name)
    {
        using var folder = new TemporaryFolder();
        List<string> messages = [];
        List<string> damage = [];
        await using var sink = new NullSink();
        RunSnapshot final = await new InProcessRun
        {
            Reading = ReadingVariants.Default(folder.Write(name, bytes)) with { Warn = messages.Add, OnDamage = damage.Add, Blocks = 4 },
            Partitions = Partitions,
            // small limits, so that they are met
            Sessions = new SessionSettings
            {
                MaxPackets = 50,
                MaxTcpOutOfOrderPackets = 8,
                SessionIdTracking = "both",
            },
        }.IntoAsync(sink);
        Assert.Equal(damage.Count, final.Reader.Damaged);
        Assert.InRange(damage.Count + messages.Count, 0, 1);
        Assert.All(damage, message => Assert.Contains(name, message, StringComparison.Ordinal));
        return new Outcome(final.Reader.Packets, [.. messages, .. damage]);
    }

    /// <summary>The same in every process, which string's own is not.</summary>
    private static int HashCode(string path)
    {
        int hash = 17;
        foreach (char c in Path.GetFileName(path))
            hash = (hash * 31) + c;
        return hash;
    }
}
