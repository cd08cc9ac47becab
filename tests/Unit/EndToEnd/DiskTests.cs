using System.Text.Json;
using FlowPipe.Tests.Unit.EndToEnd.Live;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>Disks that are full, read-only or gone while packets are written to them.</summary>
public sealed class DiskTests : IDisposable
{
    private const int Flows = 3_000;
    private const int PacketsOfAFlow = 4;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("full", "No space left on device")]
    [InlineData("read-only", "it was removed, or its disk was taken away")]
    public async Task AReplayWaitsForTheDiskAndLosesNothing(string fault, string said)
    {
        using var disk = new DiskNamespace(fault == "full" ? 2 : 64);
        await disk.ReadyAsync();
        string folder = Path.Combine(disk.Disk, "packets");
        string records = disk.File("records.json");
        using ProgramRun run = disk.FlowPipe([
            "replay",
            "-r",
            Capture(),
            "--to",
            $"ndjson:{records}",
            "--set",
            "writer.pcapWriteMethod=simple",
            "--pcap-dir",
            folder,
            // one file, so that it is the open one that is refused
            "--partitions",
            "1",
            // slow enough for the disk to be taken away meanwhile
            .. fault == "full" ? [] : (string[])["--speed", "3000pps"],
        ]);
        if (fault != "full")
        {
            await disk.FilledAsync(folder);
            await disk.CoverAsync(folder);
        }
        await run.SaysAsync(said);
        await run.SaysAsync("waiting for the disk");
        await (fault == "full" ? disk.ResizeAsync(64) : disk.UncoverAsync(folder));
        ProgramResult ended = (await run.EndAsync()).Succeeded();
        Assert.Equal(Flows * PacketsOfAFlow, ended.Ledger("packets in files"));
        await AllComeBackAsync(disk, records, Flows * PacketsOfAFlow);
    }

    [Fact]
    public async Task AReplayOfMoreThanTheDiskHoldsKeepsTheNewestFiles()
    {
        const int Megabytes = 16;
        const int Packets = 1_600; // of 50,000 bytes: five times the disk
        using var disk = new DiskNamespace(Megabytes);
        await disk.ReadyAsync();
        var builder = new PcapBuilder();
        for (int i = 0; i < Packets; i++)
            builder.AddAll(new Conversation(clientPort: 1_000 + i).Udp(i, true, new string((char)('a' + (i % 26)), 50_000)).Packets);
        string capture = _folder.Write("large.pcap", builder.ToArray());
        string folder = Path.Combine(disk.Disk, "packets");
        string records = disk.File("records.json");
        using ProgramRun run = disk.FlowPipe(
            "replay",
            "-r",
            capture,
            "--partitions",
            "1",
            "--to",
            $"ndjson:{records}",
            "--set",
            "writer.pcapWriteMethod=simple",
            "--set",
            "writer.maxFileSizeG=0.002",
            "--set",
            "writer.freeSpaceG=0.006",
            "--pcap-dir",
            folder
        );
        ProgramResult ended = (await run.EndAsync()).Succeeded();
        Assert.Equal(Packets, ended.Ledger("packets in files"));

        string output = disk.File("out.pcap");
        using ProgramRun extract = disk.FlowPipe("extract", records, "-w", output);
        ProgramResult extracted = (await extract.EndAsync()).Ended(1);
        Assert.Contains(" is not there: ", extracted.Error, StringComparison.Ordinal);
        List<(long, uint, string)> all = PlainPcap.Read(capture);
        List<(long, uint, string)> left = PlainPcap.Read(output);
        Assert.InRange(left.Count, 1, Megabytes * 20);
        // the newest, without a gap
        Assert.Equal(all[^left.Count..], left);
    }

    [Theory]
    [InlineData("full")]
    [InlineData("read-only")]
    [InlineData("gone")]
    public async Task ACaptureGoesOnWithoutTheDisk(string fault)
    {
        using var network = new NetworkNamespace();
        using var disk = new DiskNamespace(fault == "full" ? 1 : 64, network.Start);
        await disk.ReadyAsync();
        string folder = Path.Combine(disk.Disk, "packets");
        string records = disk.File("records.json");
        using ProgramRun live = disk.FlowPipe(
            "capture",
            "-i",
            "v1",
            "--to",
            $"ndjson:{records}",
            "--pcap-dir",
            folder,
            "--set",
            "capture.allowRoot=true",
            "--set",
            $"capture.stateDir={disk.File("state")}",
            "--set",
            "sessions.udpTimeout=1"
        );
        await live.SaysAsync(" s reading: ");
        string capture = Capture();
        network.Replay("--pps=5000", capture);
        await disk.FilledAsync(folder);
        if (fault == "read-only")
            await disk.CoverAsync(folder);
        else if (fault == "gone")
            await disk.RunAsync("rm", "-r", folder);
        network.Replay("--pps=5000", capture);
        await live.SaysAsync("no packets are kept there until the disk takes them again");
        network.Replay("--pps=5000", Executable.Sample("dns.pcap"));
        if (fault != "gone")
            await (fault == "full" ? disk.ResizeAsync(64) : disk.UncoverAsync(folder));
        await live.SaysAsync("packets are kept there again");
        network.Replay("--pps=2000", Executable.Sample("http.pcap"));
        await Task.Delay(300, TestContext.Current.CancellationToken);
        live.Terminate();
        ProgramResult ended = (await live.EndAsync()).Succeeded().WithoutBug();
        Assert.Contains("ledger: balanced", ended.Error, StringComparison.Ordinal);
        Assert.Contains("packets of sessions are in no file", ended.Error, StringComparison.Ordinal);
        Assert.Equal(
            ended.Ledger("packets in records"),
            ended.Ledger("packets in files")
                + ended.Ledger("packets not kept: the disk was behind or refused")
                + ended.Ledger("packets lost on their way to a disk that refused")
        );

        // whatever does not say that packets of it are missing gives all of them back, but for what was removed together with the folder
        List<JsonElement> all = Documents.Parse(await File.ReadAllTextAsync(records, TestContext.Current.CancellationToken));
        List<JsonElement> whole = [.. all.Where(static document => !IsTagged(document))];
        Assert.NotEqual(all.Count, whole.Count);
        Assert.Contains(whole, static document => document.TryGetProperty("http", out _));
        if (fault == "gone")
            whole = [.. whole.Where(static document => document.TryGetProperty("http", out _))];
        string untagged = disk.File("whole.json");
        await File.WriteAllLinesAsync(
            untagged,
            whole.Select(static document => document.GetRawText()),
            TestContext.Current.CancellationToken
        );
        await AllComeBackAsync(disk, untagged, whole.Sum(static document => document.GetProperty("packetLen").GetArrayLength()));
    }

    private static bool IsTagged(JsonElement document) =>
        document.TryGetProperty("tags", out JsonElement tags)
        && tags.EnumerateArray().Any(static tag => tag.GetString() == "pcap-disk-error");

    private static async Task AllComeBackAsync(DiskNamespace disk, string records, int packets)
    {
        string output = disk.File("out.pcap");
        await disk.RunAsync(Executable.Path, "extract", records, "-w", output);
        Assert.Equal(packets, PlainPcap.Read(output).Count);
    }

    private string Capture()
    {
        string path = Path.Combine(_folder.Path, "flows.pcap");
        var packets = new List<CapturedPacket>();
        for (int flow = 0; flow < Flows; flow++)
            packets.AddRange(
                new Conversation(clientPort: 1_000 + flow)
                    .Udp(flow * 0.001, true, new string('a', 300))
                    .Udp((flow * 0.001) + 0.0002, false, new string('b', 300))
                    .Udp((flow * 0.001) + 0.0004, true, new string('c', 300))
                    .Udp((flow * 0.001) + 0.0006, false, new string('d', 300))
                    .Packets
            );
        File.WriteAllBytes(path, new PcapBuilder().AddAll(packets).ToArray());
        return path;
    }
}
