using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FlowPipe.Tests.Unit.EndToEnd;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Kafka.Faults;

/// <summary>
/// A replay of stdin that is fed packets until told to end, so that a fault always comes in its middle. A full pipe holds the feeding up, as a
/// file would be read no further.
/// </summary>
internal sealed partial class FaultRun : IAsyncDisposable
{
    private const int PacketsAtOnce = 50;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();
    private readonly ProgramRun _run;
    private readonly string _sink;
    private readonly List<(int First, int Count, bool OneSession)> _fed = [];
    private readonly CancellationTokenSource _enough = new();
    private readonly Task _feeding;
    private int _next;

    private FaultRun(string[] under, string sink, int packetsPerSecond, string[] settings)
    {
        _sink = sink.Split('?')[0];
        string[] command =
        [
            .. under,
            Executable.Path,
            "replay",
            "-r",
            "-",
            "--to",
            sink,
            "--stats",
            StatsFile,
            .. settings.SelectMany(static setting => Option(setting)),
        ];
        _run = new ProgramRun(command[0], command[1..], withInput: true, limit: Limit);
        _feeding = FeedAsync(packetsPerSecond);
    }

    /// <summary>Packets that were given to it.</summary>
    public int Fed => Volatile.Read(ref _next);

    public string Error => _run.Error;

    /// <summary>Messages on stderr, which are for people: what is neither progress nor the ledger.</summary>
    public string[] Messages => MessagesOf(Error);

    private string StatsFile => Path.Combine(_folder.Path, "stats.json");

    /// <summary>Starts a replay.</summary>
    /// <param name="sink">Where the records go.</param>
    /// <param name="packetsPerSecond">How fast it is fed, at most.</param>
    /// <param name="settings">Settings as NAME=VALUE, and options, as they are, that begin with a hyphen.</param>
    public static FaultRun Start(string sink, int packetsPerSecond, params string[] settings) => new([], sink, packetsPerSecond, settings);

    /// <summary>Starts a replay by another program, whose last arguments are a command that it becomes.</summary>
    public static FaultRun StartUnder(string[] program, string sink, int packetsPerSecond, params string[] settings) =>
        new(program, sink, packetsPerSecond, settings);

    /// <summary>Waits until the brokers have acknowledged this many records more than they had when this was called.</summary>
    public async Task DeliversAsync(long more = 200)
    {
        long goal = Delivered() + more;
        await UntilAsync(() => Delivered() >= goal, $"{goal} records delivered");
    }

    /// <summary>Waits until records pile up that nobody acknowledges.</summary>
    public Task HoldsAsync(long records = 200) => UntilAsync(() => Progress().Open >= records, $"{records} records on their way");

    /// <summary>Waits for these words on stderr.</summary>
    public Task SaysAsync(string words) => UntilAsync(() => Error.Contains(words, StringComparison.Ordinal), $"'{words}'");

    /// <summary>Waits until it has ended by itself.</summary>
    public Task BreaksOffAsync() => UntilAsync(() => _run.HasEnded, "its end");

    /// <summary>Feeds a session whose record is large.</summary>
    /// <param name="packets">Packets of it.</param>
    public async Task FeedLargeAsync(int packets)
    {
        await StopFeedingAsync();
        await WriteAsync(packets, oneSession: true);
    }

    /// <summary>Feeds so many packets more.</summary>
    public async Task FeedMoreAsync(int packets)
    {
        await StopFeedingAsync();
        await WriteAsync(packets, oneSession: false);
    }

    /// <summary>Ends the input, waits for the end of the run, and checks what holds for each run whatever happened to it.</summary>
    public async Task<FaultResult> EndAsync()
    {
        await StopFeedingAsync();
        long memory = _run.PeakMemory();
        try
        {
            await _run.Input.DisposeAsync();
        }
        catch (IOException)
        {
            // It reads no more.
        }
        ProgramResult program = await _run.EndAsync();
        string figures = await File.ReadAllTextAsync(StatsFile); // empty if it ended before the first packet
        JsonElement stats = figures.Length == 0 ? default : JsonElement.Parse(figures);
        return new FaultResult(program, stats, _sink, memory);
    }

    /// <summary>The ids of the records that these packets make, from a run of their own that writes a file.</summary>
    public async Task<string[]> ExpectedIdsAsync()
    {
        string capture = Path.Combine(_folder.Path, "fed.pcap");
        await using (FileStream file = File.Create(capture))
        {
            await file.WriteAsync(PacketFeed.Header());
            foreach ((int first, int count, bool oneSession) in _fed)
                await file.WriteAsync(oneSession ? PacketFeed.OneSession(first, count) : PacketFeed.Packets(first, count));
        }
        string lines = Path.Combine(_folder.Path, "expected.json");
        (await Executable.RunAsync("replay", "-r", capture, "--to", $"ndjson:{lines}", "--quiet")).Succeeded();
        return Documents.Ids(Documents.OfFile(lines));
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        _run.Dispose(); // which breaks the pipe that the feeding may wait for
        await _feeding;
        _enough.Dispose();
        _folder.Dispose();
    }

    internal static string[] MessagesOf(string error) =>
        [.. error.Split('\n').Where(static line => line.StartsWith("flowpipe: ", StringComparison.Ordinal))];

    private static string[] Option(string setting) => setting.StartsWith('-') ? [setting] : ["--set", setting];

    private async Task StopFeedingAsync()
    {
        await _enough.CancelAsync();
        await _feeding;
    }

    private async Task FeedAsync(int packetsPerSecond)
    {
        await _run.Input.WriteAsync(PacketFeed.Header());
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds((double)PacketsAtOnce / packetsPerSecond));
        while (!_enough.IsCancellationRequested && await WriteAsync(PacketsAtOnce, oneSession: false))
            await timer.WaitForNextTickAsync();
    }

    private async Task<bool> WriteAsync(int packets, bool oneSession)
    {
        int first = _next;
        byte[] bytes = oneSession ? PacketFeed.OneSession(first, packets) : PacketFeed.Packets(first, packets);
        try
        {
            await _run.Input.WriteAsync(bytes);
            await _run.Input.FlushAsync();
        }
        catch (IOException)
        {
            return false; // it has ended and reads no more
        }
        _fed.Add((first, packets, oneSession));
        Volatile.Write(ref _next, first + packets);
        return true;
    }

    private long Delivered()
    {
        (long records, long open, long failed) = Progress();
        return records - open - failed;
    }

    /// <summary>What the last line of progress says.</summary>
    private (long Records, long Open, long Failed) Progress()
    {
        Match last = ProgressLine().Match(Error);
        if (!last.Success)
            return default;
        return (Number(last.Groups["records"]), Number(last.Groups["open"]), Number(last.Groups["failed"]));
    }

    private static long Number(Group group) =>
        group.Success ? long.Parse(group.ValueSpan, NumberStyles.AllowThousands, CultureInfo.InvariantCulture) : 0;

    private async Task UntilAsync(Func<bool> condition, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Assert.False(patience.IsCancellationRequested, $"waited {Patience.TotalSeconds:0} s for {what}; stderr:\n{Error}");
            Assert.False(_run.HasEnded && what != "its end" && !condition(), $"ended before {what}; stderr:\n{Error}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    [GeneratedRegex(
        @"sessions open, (?<records>[\d,]+) records(, \S+: (?<open>[\d,]+) on their way, (?<failed>[\d,]+) failed)?",
        RegexOptions.RightToLeft | RegexOptions.ExplicitCapture,
        10_000
    )]
    private static partial Regex ProgressLine();
}
