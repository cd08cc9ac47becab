using System.Globalization;
using System.Text;
using FlowPipe.Core.Stats;

namespace FlowPipe.Pipeline.Terminal;

/// <summary>Shows how far a run is, as often as wanted, until disposed.</summary>
internal sealed class Progress : IAsyncDisposable
{
    private readonly PeriodicTimer _timer;
    private readonly CommandContext _context;
    private readonly Task _showing;

    public Progress(PipelineRun run, CommandContext context, TimeSpan interval)
    {
        _timer = new PeriodicTimer(interval);
        _context = context;
        _showing = ShowAsync(run);
    }

    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _showing.ConfigureAwait(false);
        _context.Status.Clear();
    }

    private async Task ShowAsync(PipelineRun run)
    {
        var before = new RunSnapshot();
        while (await _timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
            RunSnapshot now = run.Snapshot();
            _context.Status.Progress(Format(before, now));
            before = now;
        }
    }

    /// <summary>One line: what was done, how fast since the line before, and where it waits.</summary>
    internal static string Format(RunSnapshot before, RunSnapshot now)
    {
        double seconds = Math.Max(now.Seconds - before.Seconds, 0.001);
        double packets = (now.Reader.Packets - before.Reader.Packets) / seconds;
        double bytes = (now.Reader.Bytes - before.Reader.Bytes) / seconds;
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"{now.Seconds, 4:0} s {now.State}: ");
        line.Append($"{Figures.Count(now.Reader.Packets)} packets, {Figures.Bytes(now.Reader.Bytes)} ");
        line.Append($"({Figures.Rate(packets)}, {Figures.Bytes((long)bytes)}/s), ");
        line.Append($"{Figures.Count(now.Sessions.Open)} sessions open, {Figures.Count(now.Records)} records");
        foreach (SinkFigures sink in now.Sinks)
            if (sink.Open + sink.Failed > 0)
                line.Append($", {sink.Name}: {Figures.Count(sink.Open)} on their way, {Figures.Count(sink.Failed)} failed");
        foreach (SinkFigures sink in now.Sinks)
            if (sink.Spooled > 0)
                line.Append($", {sink.Name}: {Figures.Count(sink.Spooled)} in the spool");
        bool any = false;
        foreach (BlockFigures block in now.Blocks)
        {
            if (block.Queued == 0)
                continue;
            line.Append(any ? " " : ", queued ").Append(CultureInfo.InvariantCulture, $"{block.Name} {block.Queued}");
            any = true;
        }
        return line.ToString();
    }
}
