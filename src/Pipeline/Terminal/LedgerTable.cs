using System.Globalization;
using FlowPipe.Core.Stats;

namespace FlowPipe.Pipeline.Terminal;

/// <summary>The account at the end of a run: every packet and every record in one line.</summary>
internal static class LedgerTable
{
    public static void Write(StatusWriter status, RunSnapshot final)
    {
        foreach (string line in Format(final))
            status.Line(line);
    }

    internal static IEnumerable<string> Format(RunSnapshot final)
    {
        double seconds = Math.Max(final.Seconds, 0.001);
        string rate = $"{Figures.Rate(final.Reader.Packets / seconds)}, {Figures.Bytes((long)(final.Reader.Bytes / seconds))}/s";
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{final.State} after {final.Seconds:0.000} s: {Figures.Count(final.Reader.Packets)} packets, {Figures.Bytes(final.Reader.Bytes)} ({rate}), {Figures.Count(final.Records)} records"
        );
        int names = 0;
        int counts = 0;
        foreach (LedgerLine line in final.Ledger.Lines)
        {
            names = Math.Max(names, line.Name.Length);
            counts = Math.Max(counts, Figures.Count(line.Count).Length);
        }
        foreach (LedgerLine line in final.Ledger.Lines)
            yield return $"  {line.Name.PadRight(names)}  {Figures.Count(line.Count).PadLeft(counts)}";
        foreach (PluginFigure plugin in final.Plugins)
        {
            IEnumerable<string> counters = plugin.Counters.Select(counter => $"{counter.Key} {Figures.Count(counter.Value)}");
            if (plugin.Errors > 0)
                counters = counters.Append($"errors {Figures.Count(plugin.Errors)}");
            yield return $"  plugin {plugin.Name}: {string.Join(", ", counters)}";
        }
        yield return final.Ledger.Balanced ? "  ledger: balanced" : $"  ledger: NOT BALANCED: {final.Ledger.Imbalance}";
    }
}
