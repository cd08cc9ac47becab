using System.Diagnostics;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd.Live;

/// <summary>
/// A network of its own with two interfaces that are a cable's ends: what goes into v0 comes out of v1, and nothing else does. Whoever may not make one
/// skips the test.
/// </summary>
internal sealed class NetworkNamespace : IDisposable
{
    /// <summary>
    /// Before a command that sends: a cable has a queue on each processor, so a sender that moves from one to another changes its packets' order.
    /// </summary>
    public static readonly string[] OneProcessor = ["taskset", "-c", "0"];

    private readonly string _name = $"fp{Guid.NewGuid().ToString("N")[..10]}";
    private readonly TemporaryFolder _folder = new();

    public NetworkNamespace()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "live captures are tested in network namespaces, which only root can make");
        foreach (string program in (string[])["ip", "taskset", "tcpdump", "tcpreplay"])
            Assert.SkipUnless(IsThere(program), $"{program} is missing (Debian packages iproute2, util-linux, tcpdump, tcpreplay)");
        Assert.SkipUnless(TryRun("ip", "netns", "add", _name) is null, "this machine does not let us make network namespaces");
        AddCable();
        Run("ip", "link", "set", "lo", "up");
    }

    /// <summary>As <c>ip netns</c> knows it.</summary>
    public string Name => _name;

    /// <summary>The test's folder.</summary>
    public string Folder => _folder.Path;

    /// <summary>A file in a folder of the test's own.</summary>
    public string File(string name) => System.IO.Path.Combine(_folder.Path, name);

    /// <summary>Makes both ends, quiet: an interface with IPv6 talks by itself.</summary>
    public void AddCable()
    {
        Run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1");
        foreach (string end in (string[])["v0", "v1"])
        {
            Run("sh", "-c", $"echo 1 > /proc/sys/net/ipv6/conf/{end}/disable_ipv6");
            Run("ip", "link", "set", end, "up");
        }
    }

    /// <summary>Runs a program inside to its end, which must be a good one.</summary>
    public void Run(params string[] command)
    {
        if (TryRun("ip", ["netns", "exec", _name, .. command]) is { } error)
            Assert.Fail($"{string.Join(' ', command)}: {error}");
    }

    /// <summary>Starts one inside.</summary>
    public ProgramRun Start(params string[] command) => new("ip", ["netns", "exec", _name, .. command]);

    /// <summary>Starts <c>flowpipe</c> inside; its state is the test's.</summary>
    public ProgramRun FlowPipe(params string[] args) => Start([Executable.Path, .. args, "--set", $"capture.stateDir={File("state")}"]);

    /// <summary>Starts a capture as root, and waits until it listens.</summary>
    public async Task<ProgramRun> CaptureAsync(params string[] args)
    {
        ProgramRun run = FlowPipe(["capture", "--set", "capture.allowRoot=true", .. args]);
        await run.SaysAsync("listening to ");
        // the first line of progress comes when the readers run
        await run.SaysAsync(" s reading: ");
        return run;
    }

    /// <summary>Sends captures into v0.</summary>
    public void Replay(params string[] options) => Run([.. OneProcessor, "tcpreplay", "-q", "-i", "v0", .. options]);

    /// <summary>Starts a capture of v1 with tcpdump, and waits until it listens.</summary>
    public async Task<ProgramRun> TcpdumpAsync(string file)
    {
        ProgramRun run = Start("tcpdump", "-i", "v1", "-Z", "root", "--immediate-mode", "-B", "65536", "-s", "262144", "-w", file);
        await run.SaysAsync("listening on");
        return run;
    }

    public void Dispose()
    {
        _ = TryRun("ip", "netns", "del", _name);
        _folder.Dispose();
    }

    private static bool IsThere(string program) =>
        Array.Exists(
            (string[])["/usr/sbin", "/usr/bin", "/sbin", "/bin"],
            folder => System.IO.File.Exists(System.IO.Path.Combine(folder, program))
        );

    private static string? TryRun(string program, params string[] args)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, args)
            {
                UseShellExecute = false,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            }
        )!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : error + $"status {process.ExitCode}";
    }
}
