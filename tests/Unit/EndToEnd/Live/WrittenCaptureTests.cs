using System.Runtime.Versioning;
using FlowPipe.Core.Writing;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd.Live;

/// <summary>Captures that write the packets of their sessions, beside tcpdump.</summary>
[SupportedOSPlatform("linux")]
public sealed class WrittenCaptureTests
{
    private static readonly string[] Samples =
    [
        "http.pcap",
        "dns.pcap",
        "tls.pcap",
        "icmp.pcap",
        "sctp.pcap",
        "vlan.pcap",
        "qinq.pcap",
        "fragments.pcap",
    ];

    [Theory]
    [InlineData("libpcap", 1, "none")]
    [InlineData("tpacketv3", 1, "zstd")]
    [InlineData("tpacketv3", 2, "none")]
    public async Task TheFilesHoldWhatTcpdumpSaw(string method, int threads, string compression)
    {
        using var network = new NetworkNamespace();
        string seen = network.File("seen.pcap");
        string records = network.File("records.json");
        using ProgramRun dump = await network.TcpdumpAsync(seen);
        using ProgramRun live = await network.CaptureAsync(
            "-i",
            "v1",
            "--to",
            $"ndjson:{records}",
            "--pcap-dir",
            network.File("pcap"),
            "--set",
            $"writer.simpleCompression={compression}",
            "--set",
            $"capture.pcapReadMethod={method}",
            "--set",
            $"capture.tpacketv3NumThreads={threads}"
        );
        network.Replay(["--pps=2000", .. Samples.Select(Executable.Sample)]);
        await Task.Delay(200, TestContext.Current.CancellationToken);
        live.Terminate();
        ProgramResult captured = (await live.EndAsync()).Succeeded().WithoutBug();
        dump.Terminate();
        await dump.EndAsync();

        // a signal leaves files that are closed, which those that are compressed say by their table
        string[] files = Directory.GetFiles(network.File("pcap"));
        Assert.NotEmpty(files);
        foreach (string file in files)
        {
            using PcapFileReader? reader = PcapFileReader.TryOpen(file);
            Assert.NotNull(reader);
        }
        Assert.Equal(captured.Ledger("packets in records"), captured.Ledger("packets in files"));

        string inplace = network.File("replayed.json");
        (await Executable.RunAsync("replay", "-r", seen, "--to", $"ndjson:{inplace}")).Succeeded();
        List<(long Ns, uint Original, string Frame)> theirs = await ExtractAsync(network, inplace);
        List<(long Ns, uint Original, string Frame)> ours = await ExtractAsync(network, records);
        Assert.Equal(captured.Ledger("packets in files"), ours.Count);
        Assert.Equal(ByFrame(theirs).Select(Contents), ByFrame(ours).Select(Contents));
        // tcpdump writes microseconds
        foreach ((var their, var our) in ByFrame(theirs).Zip(ByFrame(ours)))
            Assert.InRange(our.Ns - their.Ns, -1_000_000, 1_000_000);
        // the kernel takes VLAN tags off, and they are put back
        Assert.Contains(ours, static packet => packet.Frame[24..28] is "8100" or "88A8");
    }

    [Fact]
    public async Task ARecordIsSentThoughTheBufferIsNotFull()
    {
        using var network = new NetworkNamespace();
        string records = network.File("records.json");
        using ProgramRun live = await network.CaptureAsync(
            "-i",
            "v1",
            "--to",
            $"ndjson:{records}",
            "--pcap-dir",
            network.File("pcap"),
            "--set",
            "sessions.udpTimeout=1",
            "--set",
            "writer.pcapWriteSize=64mb"
        );
        // what comes later ends the sessions of what came before
        for (int round = 0; round < 60 && (!File.Exists(records) || new FileInfo(records).Length == 0); round++)
        {
            network.Replay("--pps=2000", Executable.Sample("dns.pcap"));
            await Task.Delay(500, TestContext.Current.CancellationToken);
        }
        string[] early = [.. (await File.ReadAllLinesAsync(records, TestContext.Current.CancellationToken)).Where(IsWhole)];
        Assert.NotEmpty(early);
        // and its packets can be had while the file is still written
        string some = network.File("some.json");
        await File.WriteAllLinesAsync(some, early, TestContext.Current.CancellationToken);
        Assert.NotEmpty(await ExtractAsync(network, some));
        live.Terminate();
        (await live.EndAsync()).Succeeded().WithoutBug();
    }

    [Fact]
    public async Task TheFolderBelongsToWhomTheCaptureBecomes()
    {
        using var network = new NetworkNamespace();
        network.Run("chmod", "711", network.Folder);
        Directory.CreateDirectory(network.File("pcap"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (string folder in (string[])["pcap", "pcap/below", "beside"])
        {
            using ProgramRun refused = network.FlowPipe([.. Capture(network, folder)]);
            (await refused.EndAsync()).Said(1, "writer.pcapDir", network.File(folder), "user 'nobody'", "chown").WithoutBug();
        }

        network.Run("chown", "nobody", network.File("pcap"));
        using ProgramRun live = network.FlowPipe([.. Capture(network, "pcap/below")]);
        await live.SaysAsync(" s reading: ");
        network.Replay("--pps=2000", Executable.Sample("dns.pcap"));
        await Task.Delay(200, TestContext.Current.CancellationToken);
        live.Terminate();
        ProgramResult captured = (await live.EndAsync()).Succeeded().WithoutBug();
        Assert.Equal(EndToEnd.Samples.Packets("dns.pcap"), captured.Ledger("packets in files"));
        foreach (string file in Directory.GetFiles(network.File("pcap/below")))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(file));
        network.Run("sh", "-c", "test \"$(find \"$0\" -type f -user nobody | wc -l)\" -gt 0", network.File("pcap"));
    }

    private static string[] Capture(NetworkNamespace network, string folder) =>
        ["capture", "-i", "v1", "--to", "null:", "--set", "capture.dropUser=nobody", "--pcap-dir", network.File(folder)];

    private static bool IsWhole(string line) => line.EndsWith('}');

    private static async Task<List<(long Ns, uint Original, string Frame)>> ExtractAsync(NetworkNamespace network, string records)
    {
        string output = network.File("out.pcap");
        (await Executable.RunAsync("extract", records, "-w", output)).Succeeded();
        return PlainPcap.Read(output);
    }

    private static IOrderedEnumerable<(long Ns, uint Original, string Frame)> ByFrame(
        List<(long Ns, uint Original, string Frame)> packets
    ) => packets.OrderBy(static packet => packet.Frame, StringComparer.Ordinal).ThenBy(static packet => packet.Ns);

    private static (uint, string) Contents((long Ns, uint Original, string Frame) packet) => (packet.Original, packet.Frame);
}
