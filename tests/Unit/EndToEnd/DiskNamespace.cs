using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>A disk of the test's own, as small as wanted, that can be filled, taken away and made read-only; only programs started here see it.</summary>
internal sealed class DiskNamespace : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ProgramRun _holder;

    /// <param name="megabytes">What the disk holds.</param>
    /// <param name="start">Starts a program in the network where the disk is to be seen; null for this one.</param>
    public DiskNamespace(int megabytes, Func<string[], ProgramRun>? start = null)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "disks are tested with mounts, which only root can make");
        Directory.CreateDirectory(Disk);
        string[] hold =
        [
            "unshare",
            "--mount",
            "sh",
            "-c",
            "mount -t tmpfs -o size=\"$1\" tmpfs \"$0\" && echo ready >&2 && exec sleep 300",
            Disk,
            $"{megabytes}m",
        ];
        _holder = start is null ? new ProgramRun(hold[0], hold[1..]) : start(hold);
    }

    /// <summary>Where the disk is mounted.</summary>
    public string Disk => Path.Combine(_folder.Path, "disk");

    /// <summary>A file beside the disk.</summary>
    public string File(string name) => Path.Combine(_folder.Path, name);

    /// <summary>Waits until the disk is there.</summary>
    public Task ReadyAsync() => _holder.SaysAsync("ready");

    /// <summary>Starts a program that sees the disk.</summary>
    public ProgramRun Start(params string[] command) => new("nsenter", Within(command));

    /// <summary>Starts <c>flowpipe</c> so.</summary>
    public ProgramRun FlowPipe(params string[] args) => Start([Executable.Path, .. args]);

    /// <summary>Runs a program that sees the disk to its good end.</summary>
    public async Task<ProgramResult> RunAsync(params string[] command)
    {
        using ProgramRun run = Start(command);
        return (await run.EndAsync()).Succeeded();
    }

    /// <summary>Makes the disk another size.</summary>
    public Task ResizeAsync(int megabytes) => RunAsync("mount", "-o", $"remount,size={megabytes}m", Disk);

    /// <summary>Puts a disk that nobody can write to over a folder. (One that is being written to can't be made read-only.)</summary>
    public Task CoverAsync(string folder) => RunAsync("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder);

    /// <summary>Takes it away again.</summary>
    public Task UncoverAsync(string folder) => RunAsync("umount", folder);

    /// <summary>Waits until a folder has a file in it.</summary>
    public Task FilledAsync(string folder) => RunAsync("sh", "-c", "until ls \"$0\" | grep -q .; do sleep 0.02; done", folder);

    public void Dispose()
    {
        _holder.Kill();
        _holder.Dispose();
        _folder.Dispose();
    }

    private string[] Within(string[] command) => ["--target", $"{_holder.Id}", "--mount", "--net", "--", .. command];
}
