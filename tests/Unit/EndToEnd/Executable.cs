using System.Globalization;
using System.Text;
using FlowPipe.Tests.Unit.Schemas;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>The program as a user has it, or the freshest build of it.</summary>
internal static class Executable
{
    private static readonly Lazy<string> Found = new(Find);

    /// <summary>The program, with parsers/ beside it.</summary>
    public static string Path => Found.Value;

    /// <summary>A sample capture of the repository.</summary>
    public static string Sample(string name) => Repository.Path("samples", name);

    public static Task<ProgramResult> RunAsync(params string[] args) => new ProgramRun(args).EndAsync();

    // `make test` publishes before it tests; whoever runs the tests alone has an older publish, or none, and a newer build.
    private static string Find()
    {
        string? best = null;
        DateTime newest = DateTime.MinValue;
        string[] folders =
        [
            Repository.Path("artifacts", "flowpipe"),
            .. Directory.EnumerateDirectories(Repository.Path("artifacts", "bin", "FlowPipe.Pipeline")),
        ];
        foreach (string folder in folders)
        {
            string parsers = System.IO.Path.Combine(folder, "parsers");
            string program = System.IO.Path.Combine(folder, "flowpipe");
            if (!File.Exists(program) || !Directory.Exists(parsers))
                continue;
            string[] assemblies =
            [
                System.IO.Path.Combine(folder, "flowpipe.dll"),
                .. Directory.EnumerateFiles(folder, "FlowPipe.*.dll"),
                .. Directory.EnumerateFiles(parsers, "*.dll"),
            ];
            DateTime time = assemblies.Max(File.GetLastWriteTimeUtc);
            if (time <= newest)
                continue;
            newest = time;
            best = program;
        }
        Assert.True(best is not null, "there is no executable with parsers/ beside it under artifacts/: run `make build`");
        return best;
    }
}

/// <summary>How a run of the program ended, and what it said.</summary>
internal sealed record ProgramResult(int Status, byte[] OutBytes, string Error, string CommandLine)
{
    private string? _out;

    public string Out => _out ??= Encoding.UTF8.GetString(OutBytes);

    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>That it did what it was asked to.</summary>
    public ProgramResult Succeeded() => Ended(0);

    public ProgramResult Ended(int status)
    {
        Assert.True(
            Status == status,
            $"{CommandLine}\nended with status {Status}, not {status}\nstderr:\n{Error}\nstdout begins:\n{Out[..Math.Min(Out.Length, 500)]}"
        );
        return this;
    }

    /// <summary>That it ended so, and told the user why: one of its messages holds all these words.</summary>
    public ProgramResult Said(int status, params string[] words)
    {
        Ended(status);
        foreach (string line in Error.Split('\n'))
        {
            if (
                line.StartsWith("flowpipe: ", StringComparison.Ordinal)
                && Array.TrueForAll(words, word => line.Contains(word, StringComparison.Ordinal))
            )
                return this;
        }
        Assert.Fail($"{CommandLine}\nno message has all of: {string.Join(" | ", words)}\nstderr:\n{Error}");
        return this;
    }

    /// <summary>That nothing unforeseen happened, whatever else did.</summary>
    public ProgramResult WithoutBug()
    {
        Assert.DoesNotContain("unexpected", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled exception", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at FlowPipe.", Error, StringComparison.Ordinal);
        return this;
    }

    /// <summary>A line of the ledger at the end of stderr.</summary>
    public long Ledger(string name)
    {
        foreach (string line in Error.Split('\n'))
        {
            string text = line.Trim();
            if (text.StartsWith(name + "  ", StringComparison.Ordinal))
                return long.Parse(
                    text[name.Length..],
                    NumberStyles.AllowLeadingWhite | NumberStyles.AllowThousands,
                    CultureInfo.InvariantCulture
                );
        }
        Assert.Fail($"{CommandLine}\nthe ledger has no line '{name}':\n{Error}");
        return -1;
    }
}
