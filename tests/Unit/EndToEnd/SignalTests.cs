using System.Text.Json;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

public sealed class SignalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TheFirstSignalSavesWhatThereIs(bool terminate)
    {
        string lines = Path.Combine(_folder.Path, "sessions.json");
        string stats = Path.Combine(_folder.Path, "stats.json");
        using ProgramRun run = ProgramRun.WithSignals("replay", "-r", "-", "--to", $"ndjson:{lines}", "--stats", stats);
        await SendDnsAsync(run);
        await run.SaysAsync($" {Samples.Packets("dns.pcap")} packets");
        if (terminate)
            run.Terminate();
        else
            run.Interrupt();
        ProgramResult result = (await run.EndAsync()).Said(0, terminate ? "SIGTERM" : "SIGINT", "delivering what there is").WithoutBug();

        List<JsonElement> documents = Documents.OfFile(lines);
        Assert.Equal(Samples.Sessions("dns.pcap"), documents.Count);
        Assert.Equal(
            Samples.Packets("dns.pcap"),
            documents.Sum(static document => document.GetProperty("network").GetProperty("packets").GetInt32())
        );
        // TCP sessions had ended by themselves.
        Assert.Equal(
            Samples.Sessions("dns.pcap", "UDP"),
            documents.Count(static document => document.GetProperty("flowpipe").GetProperty("endReason").GetString() == "shutdown")
        );
        Assert.Contains("ledger: balanced", result.Error, StringComparison.Ordinal);
        JsonElement figures = JsonElement.Parse(await File.ReadAllBytesAsync(stats, TestContext.Current.CancellationToken));
        Assert.Equal("done", figures.GetProperty("state").GetString());
        Assert.True(figures.GetProperty("ledger").GetProperty("balanced").GetBoolean());
    }

    [Fact]
    public async Task HangingUpReadsTheDropListsAgain()
    {
        string list = _folder.Write("list", "203.0.113.1\n"u8);
        string config = _folder.Write("flowpipe.yaml", System.Text.Encoding.UTF8.GetBytes($"packets:\n  packetDropIpsFiles: ['{list}']\n"));
        string stats = Path.Combine(_folder.Path, "stats.json");
        using ProgramRun run = ProgramRun.WithSignals("replay", "-r", "-", "-c", config, "--to", "null:", "--stats", stats);
        byte[] dns = await File.ReadAllBytesAsync(Executable.Sample("dns.pcap"), TestContext.Current.CancellationToken);
        await run.Input.WriteAsync(dns, TestContext.Current.CancellationToken);
        await run.Input.FlushAsync(TestContext.Current.CancellationToken);
        await run.SaysAsync($" {Samples.Packets("dns.pcap")} packets");

        _folder.Write("list", "nonsense\n"u8);
        run.HangUp();
        await run.SaysAsync("stay as they were");
        _folder.Write("list", "0.0.0.0/0\n::/0\n"u8);
        run.HangUp();
        await run.SaysAsync("read again, 2 entries");

        // the same packets again, all of which are on the list now
        await run.Input.WriteAsync(dns.AsMemory(24), TestContext.Current.CancellationToken);
        run.Input.Close();
        ProgramResult result = (await run.EndAsync()).WithoutBug();
        Assert.Contains("packets without a session: address on a drop list", result.Error, StringComparison.Ordinal);
        JsonElement figures = JsonElement.Parse(await File.ReadAllBytesAsync(stats, TestContext.Current.CancellationToken));
        JsonElement verdicts = figures.GetProperty("verdicts");
        Assert.Equal(Samples.Packets("dns.pcap"), verdicts.GetProperty("ipDropped").GetInt32());
        Assert.Equal(Samples.Packets("dns.pcap"), verdicts.GetProperty("doProcess").GetInt32());
    }

    [Fact]
    public async Task TheSecondSignalAborts()
    {
        // A broker that takes connections and never answers: the run can't end by itself before the broker's time is over.
        using var silent = new SilentServer();
        using ProgramRun run = ProgramRun.WithSignals(
            "replay",
            "-r",
            Executable.Sample("dns.pcap"),
            "--to",
            $"kafka://127.0.0.1:{silent.Port}/t?timeout=3600"
        );
        await run.SaysAsync("starting");
        run.Interrupt();
        await run.SaysAsync("SIGINT: reading no more");
        run.Interrupt();
        ProgramResult result = (await run.EndAsync()).Said(1, "SIGINT again", "aborting").WithoutBug();
        Assert.Equal("", result.Out);
    }

    [Fact]
    public async Task DrainingHasADeadline()
    {
        using var silent = new SilentServer();
        using ProgramRun run = ProgramRun.WithSignals([
            "replay",
            "-r",
            Executable.Sample("dns.pcap"),
            "--drain-deadline",
            "1",
            "--to",
            $"kafka://127.0.0.1:{silent.Port}/t?timeout=3600",
        ]);
        await run.SaysAsync("starting");
        run.Terminate();
        (await run.EndAsync()).Said(1, "abort").WithoutBug();
    }

    [Fact]
    public async Task HeldBrokersAnswerUntilInterrupted()
    {
        using ProgramRun run = ProgramRun.WithSignals("demo", "--hold");
        await run.SaysAsync("or: flowpipe consume --from ");
        string words = run.Error[(run.Error.IndexOf("consume --from ", StringComparison.Ordinal) + "consume --from ".Length)..];
        string topic = words[..words.IndexOf('\n', StringComparison.Ordinal)];
        ProgramResult consumed = (await Executable.RunAsync("consume", "--from", topic)).Succeeded();
        run.Interrupt();
        ProgramResult held = (await run.EndAsync()).Succeeded();
        Assert.Equal(held.Lines.Length, consumed.Lines.Length);
    }

    [Fact]
    public async Task AReaderThatGoesAwayEndsTheRun()
    {
        // More than a pipe holds, so that the writer meets its end.
        ProgramResult run = await ShellAsync($"'{Executable.Path}' replay -R samples --to ndjson:- | head -1; exit ${{PIPESTATUS[0]}}");
        run.Said(1, "standard output", "gone away").WithoutBug();
        Assert.Single(run.Lines);
        JsonElement.Parse(run.Lines[0]);
    }

    [Theory]
    [InlineData("fields --format json")]
    [InlineData("schema")]
    [InlineData("replay -R samples --quiet")]
    public async Task ListsMayBeCutShort(string command)
    {
        ProgramResult run = await ShellAsync($"'{Executable.Path}' {command} | head -1");
        run.Succeeded().WithoutBug();
        Assert.Single(run.Lines);
    }

    private static async Task<ProgramResult> ShellAsync(string script)
    {
        using var shell = new ProgramRun("bash", ["-c", script]);
        return await shell.EndAsync();
    }

    private static async Task SendDnsAsync(ProgramRun run)
    {
        await run.Input.WriteAsync(
            await File.ReadAllBytesAsync(Executable.Sample("dns.pcap"), TestContext.Current.CancellationToken),
            TestContext.Current.CancellationToken
        );
        await run.Input.FlushAsync(TestContext.Current.CancellationToken);
    }
}
