using System.Runtime.Versioning;

namespace FlowPipe.Tests.Unit.EndToEnd.Live;

[SupportedOSPlatform("linux")]
public sealed class PrivilegeTests
{
    [Theory]
    [InlineData("libpcap")]
    [InlineData("tpacketv3")]
    public async Task EveryThreadHasGivenEverythingUp(string method)
    {
        using var network = new NetworkNamespace();
        Directory.CreateDirectory(network.File("out"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        network.Run("chmod", "711", network.Folder);
        network.Run("chown", "nobody", network.File("out"));
        string lines = network.File("out/sessions.json");
        using ProgramRun live = network.FlowPipe(
            "capture",
            "-i",
            "v1",
            "--set",
            "capture.dropUser=nobody",
            "--set",
            $"capture.pcapReadMethod={method}",
            "--to",
            $"ndjson:{lines}"
        );
        await live.SaysAsync("as nobody, all privileges given up");
        await live.SaysAsync(" s reading: ");
        string[] threads =
        [
            .. Directory
                .EnumerateDirectories($"/proc/{live.Id}/task")
                .Select(static thread => File.ReadAllText(Path.Combine(thread, "status"))),
        ];
        Assert.NotEmpty(threads);
        foreach (string status in threads)
        {
            Assert.Matches(@"Uid:\t(\d+)\t\1\t\1\t\1\n", status);
            Assert.DoesNotMatch(@"[UG]id:.*\t0\b", status);
            Assert.Matches(@"Groups:\s*\n", status);
            Assert.Matches(@"CapPrm:\t0+\nCapEff:\t0+\n", status);
            Assert.Contains("NoNewPrivs:\t1\n", status, StringComparison.Ordinal);
        }
        network.Replay("--pps=2000", Executable.Sample("dns.pcap"));
        await Task.Delay(200, TestContext.Current.CancellationToken);
        live.Terminate();
        ProgramResult captured = (await live.EndAsync()).Succeeded().WithoutBug();
        Assert.Equal(EndToEnd.Samples.Packets("dns.pcap"), captured.Ledger("packets in records"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(lines));
    }

    [Fact]
    public async Task RootIsNotKeptUnasked()
    {
        using var network = new NetworkNamespace();
        await Refused(2, [], "does not go on as root", "capture.dropUser", "capture.allowRoot");
        await Refused(2, ["--set", "capture.dropUser=nobody-at-all"], "nobody-at-all", "no such user");
        await Refused(2, ["--set", "capture.dropUser=nobody", "--set", "capture.dropGroup=none-at-all"], "none-at-all", "no such group");
        await Refused(2, ["--set", "capture.dropGroup=nogroup"], "capture.dropUser");
        await Refused(1, ["--set", "capture.dropUser=root"], "is root");

        async Task Refused(int status, string[] args, params string[] words)
        {
            using ProgramRun run = network.FlowPipe(["capture", "-i", "v1", "--to", "null:", .. args]);
            (await run.EndAsync()).Said(status, words).WithoutBug();
        }
    }

    [Theory]
    [InlineData("libpcap")]
    [InlineData("tpacketv3")]
    public async Task WhoMayNotListenIsToldWhatIsMissing(string method)
    {
        using var network = new NetworkNamespace();
        network.Run("chmod", "777", network.Folder);
        using ProgramRun run = network.Start(
            "setpriv",
            "--reuid=65534",
            "--clear-groups",
            "--bounding-set=-all",
            Executable.Path,
            "capture",
            "-i",
            "v1",
            "--to",
            "null:",
            "--set",
            $"capture.stateDir={network.File("state")}",
            "--set",
            $"capture.pcapReadMethod={method}"
        );
        (await run.EndAsync()).Said(1, "v1", "CAP_NET_RAW is missing").WithoutBug();
        using ProgramRun list = network.Start("setpriv", "--reuid=65534", "--clear-groups", Executable.Path, "interfaces");
        ProgramResult listed = (await list.EndAsync()).Succeeded();
        Assert.Equal(3, listed.Out.Split("no: CAP_NET_RAW is missing").Length - 1);
    }
}
