using System.Diagnostics;
using System.Text;

namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>How a program ended.</summary>
internal sealed record Ended(int Status, string Output, string Errors);

/// <summary>Runs other programs: ours as the user has it, and those that ours is checked with.</summary>
internal static class Programs
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>The executable that <c>make build</c> left; without it the one that lies beside the tests.</summary>
    public static string FlowPipe
    {
        get
        {
            string published = Repository.Path("artifacts", "flowpipe", "flowpipe");
            return File.Exists(published) ? published : Path.Combine(AppContext.BaseDirectory, "flowpipe");
        }
    }

    /// <summary>Runs it in the repository's folder, to its end. The test is skipped where there is no such program.</summary>
    public static async Task<Ended> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Repository.Path(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            StandardOutputEncoding = Encoding.UTF8,
        };
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{program} is absent");
        }
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} had not ended after {Limit}");
        }
        return new Ended(process.ExitCode, await output, await errors);
    }

    /// <summary>Runs it and fails unless it ends well.</summary>
    public static async Task<string> OutputOfAsync(string program, params string[] arguments)
    {
        Ended ended = await RunAsync(program, arguments);
        Assert.True(ended.Status == 0, $"{program} {string.Join(' ', arguments)}: status {ended.Status}\n{ended.Errors}{ended.Output}");
        return ended.Output;
    }
}
