using System.Text.Json;
using FlowPipe.Core.Emitting;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary><c>replay -R DIR --monitor</c>: folders whose captures come one after the other.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class MonitorTests : IDisposable
{
    private const long Second = 1_000_000_000;
    private const long Begin = 1_700_000_000 * Second;
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private readonly TemporaryFolder _folder = new();
    private int _runs;

    public MonitorTests() => Directory.CreateDirectory(In(""));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WhatComesIsReadOnce()
    {
        Put("dns.pcap");
        using ProgramRun run = Start("--recursive");
        await run.SaysAsync($" {Packets("dns.pcap")} packets");
        // One is copied into a folder that was not there, one moved into place, one is a copy of what was read.
        Directory.CreateDirectory(In("later"));
        File.Copy(Executable.Sample("http.pcap"), In("later/http.pcap"));
        await run.SaysAsync($" {Packets("dns.pcap", "http.pcap")} packets");
        File.Copy(Executable.Sample("tls.pcap"), Path.Combine(_folder.Path, "tls"));
        File.Move(Path.Combine(_folder.Path, "tls"), In("tls.pcap"));
        await run.SaysAsync($" {Packets("dns.pcap", "http.pcap", "tls.pcap")} packets");
        Put("dns.pcap", "copy of dns.pcap");
        Put("icmp.pcap");
        await run.SaysAsync($" {Packets("dns.pcap", "http.pcap", "tls.pcap", "icmp.pcap")} packets");
        run.Terminate();
        ProgramResult ended = (await run.EndAsync()).Said(0, "SIGTERM").WithoutBug();
        Assert.Contains("ledger: balanced", ended.Error, StringComparison.Ordinal);
        Assert.Equal(Packets("dns.pcap", "http.pcap", "tls.pcap", "icmp.pcap"), ended.Ledger("packets in records"));

        // The same records as of a replay of these, in the order in which they came.
        string[] all = ["dns.pcap", "http.pcap", "tls.pcap", "icmp.pcap"];
        string lines = Path.Combine(_folder.Path, "all.json");
        (
            await Executable.RunAsync([
                "replay",
                .. all.SelectMany(static name => (string[])["-r", Executable.Sample(name)]),
                "--to",
                $"ndjson:{lines}",
            ])
        ).Succeeded();
        Assert.Equal(
            Documents.Sorted(await File.ReadAllTextAsync(lines, Stop)),
            Documents.Sorted(await File.ReadAllTextAsync(Lines(1), Stop))
        );
    }

    [Fact]
    public async Task ARestartGoesOnWhereItWasStopped()
    {
        Put("dns.pcap");
        Put("http.pcap");
        ProgramResult first = await ToAsync(Packets("dns.pcap", "http.pcap"));
        Put("icmp.pcap");
        ProgramResult second = await ToAsync(Packets("icmp.pcap"));
        Assert.Contains("2 files that earlier runs have read are left out", second.Error, StringComparison.Ordinal);
        Assert.Equal(
            Packets("dns.pcap", "http.pcap", "icmp.pcap"),
            first.Ledger("packets in records") + second.Ledger("packets in records")
        );

        // Nothing new: nothing read.
        using ProgramRun third = Start();
        await third.SaysAsync("3 files that earlier runs");
        third.Terminate();
        Assert.Equal(0, (await third.EndAsync()).Succeeded().Ledger("packets read"));
    }

    [Fact]
    public async Task AFileThatGrowsIsReadOnToItsEnd()
    {
        byte[] capture = Capture(Begin, packets: 10, sourcePort: 1000);
        int half = 24 + ((capture.Length - 24) / 10 * 5);
        await using (FileStream writing = File.Create(In("a.pcap")))
        {
            await writing.WriteAsync(capture.AsMemory(0, half), Stop);
            await writing.FlushAsync(Stop);
            using ProgramRun run = Start("--set", "reading.monitorRescan=1");
            // Its writer has it open all the while.
            await run.SaysAsync(" 3 s reading: 0 packets");
            await writing.WriteAsync(capture.AsMemory(half), Stop);
            writing.Close();
            await run.SaysAsync(" 10 packets");
            run.Terminate();
            ProgramResult ended = (await run.EndAsync()).Succeeded();
            Assert.Equal(10, ended.Ledger("packets in records"));
            Assert.Equal(1, ended.Ledger("records made"));
        }

        // Closed and opened again for more: what is new of it is read, not more.
        await using (FileStream more = new(In("a.pcap"), FileMode.Append))
            await more.WriteAsync(Capture(Begin + Second, packets: 3, sourcePort: 1000).AsMemory(24), Stop);
        ProgramResult second = await ToAsync(3);
        Assert.Equal(3, second.Ledger("packets in records"));
    }

    [Fact]
    public async Task AStopInTheMiddleOfAFileReadsTheRestLater()
    {
        const int packets = 2_000;
        await File.WriteAllBytesAsync(In("a.pcap"), Capture(Begin, packets, sourcePort: 1000), Stop);
        using ProgramRun run = Start("--speed", "200pps");
        await run.SaysAsync(" 1 sessions open");
        run.Terminate();
        ProgramResult first = (await run.EndAsync()).Succeeded().WithoutBug();
        long read = first.Ledger("packets in records");
        Assert.InRange(read, 1, packets - 1);
        ProgramResult second = await ToAsync(packets - read);
        Assert.Equal(packets, read + second.Ledger("packets in records"));
    }

    [Fact]
    public async Task AfterAKillNothingIsMissing()
    {
        // A session that is over when the second file has been read, and one that goes on in the second.
        await File.WriteAllBytesAsync(In("1.pcap"), Capture(Begin, packets: 4, sourcePort: 1000), Stop);
        using ProgramRun run = Start();
        await run.SaysAsync(" 4 packets");
        await File.WriteAllBytesAsync(In("2.pcap"), Capture(Begin + (300 * Second), packets: 5, sourcePort: 2000), Stop);
        await run.SaysAsync(" 9 packets");
        await run.SaysAsync(" 1 records");
        while (!State().Contains("1.pcap", StringComparison.Ordinal))
            await Task.Delay(10, Stop);
        await File.WriteAllBytesAsync(In("3.pcap"), Capture(Begin + (310 * Second), packets: 6, sourcePort: 2000), Stop);
        await run.SaysAsync(" 15 packets");
        Assert.DoesNotContain("2.pcap", State(), StringComparison.Ordinal);
        Assert.True(await run.KillAsync());
        List<JsonElement> before = Documents.OfFile(Lines(1));
        Assert.Equal(4, PacketsOf(Assert.Single(before)));

        ProgramResult after = await ToAsync(11);
        Assert.Equal(1, after.Ledger("records made"));
        Assert.Equal(11, PacketsOf(Assert.Single(Documents.OfFile(Lines(2)))));
        Assert.Contains("3.pcap", State(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatTheBrokersNeverGotIsReadAgain()
    {
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic("t", 1);
        string[] args =
        [
            "replay",
            "-R",
            In(""),
            "--monitor",
            "--to",
            $"kafka://{kafka.BootstrapServers}/t",
            "--set",
            StateDir,
            "--drain-deadline",
            "1",
        ];
        Put("dns.pcap");
        using ProgramRun first = ProgramRun.WithSignals(args);
        await first.SaysAsync("waiting for captures");
        kafka.SetBrokerUp(1, false);
        await first.SaysAsync($" {Packets("dns.pcap")} packets");
        first.Terminate();
        (await first.EndAsync()).Said(1, "were not delivered").WithoutBug();
        Assert.Equal("", State());

        kafka.SetBrokerUp(1, true);
        using ProgramRun second = ProgramRun.WithSignals(args);
        await second.SaysAsync($" {Packets("dns.pcap")} packets");
        second.Terminate();
        ProgramResult ended = (await second.EndAsync()).Succeeded().WithoutBug();
        Assert.Equal(Samples.Sessions("dns.pcap"), ended.Ledger("records made"));
        Assert.Contains("dns.pcap", State(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADatagramMayLieInSeveralFiles()
    {
        byte[] datagram = PacketBuilder.Udp(1000, 9999, new byte[64]);
        List<Piece> pieces = Fragmenter.Pieces(datagram.Length, 40);
        Assert.Equal(2, pieces.Count);
        await File.WriteAllBytesAsync(In("1.pcap"), Fragment(Begin, 0), Stop);
        using ProgramRun run = Start();
        await run.SaysAsync(" 1 packets");
        // Between them are others, long enough for the first file to be asked about, and to be forgotten if nobody said a word for it.
        await File.WriteAllBytesAsync(In("2.pcap"), Capture(Begin + Second, packets: 2, sourcePort: 2000), Stop);
        await run.SaysAsync(" 3 packets");
        await run.SaysAsync(" 3 packets, 260 B (0/s");
        await File.WriteAllBytesAsync(In("3.pcap"), Fragment(Begin + (2 * Second), 1), Stop);
        await run.SaysAsync(" 4 packets");
        Assert.Equal("", State());
        run.Terminate();
        ProgramResult ended = (await run.EndAsync()).Succeeded().WithoutBug();
        Assert.Equal(4, ended.Ledger("packets in records"));
        JsonElement whole = Documents
            .OfFile(Lines(1))
            .Single(static document => document.GetProperty("source").GetProperty("port").GetInt32() == 1000);
        Assert.Equal(
            (string[])["1.pcap", "3.pcap"],
            whole.GetProperty("flowpipe").GetProperty("fileUris").EnumerateArray().Select(static uri => Path.GetFileName(uri.GetString()!))
        );

        byte[] Fragment(long ns, int piece) =>
            new PcapBuilder()
                .Add(
                    new CapturedPacket(
                        ns,
                        PacketBuilder.Ethernet(
                            PacketBuilder.IPv4Type,
                            Fragmenter.V4(PacketBuilder.UdpNumber, "10.0.0.1", "10.0.0.2", datagram, pieces[piece])
                        )
                    )
                )
                .ToArray();
    }

    [Fact]
    public async Task SessionsEndWhereNothingComesForLong()
    {
        await File.WriteAllBytesAsync(In("1.pcap"), Capture(Begin, packets: 4, sourcePort: 1000), Stop);
        using ProgramRun run = Start("--set", "reading.monitorIdle=1");
        await run.SaysAsync("no capture has come for 1 s (reading.monitorIdle)");
        await run.SaysAsync(" 1 records");
        while (!State().Contains("1.pcap", StringComparison.Ordinal))
            await Task.Delay(10, Stop);
        // Time has begun anew, so an older one may follow.
        await File.WriteAllBytesAsync(In("0.pcap"), Capture(Begin - (3600 * Second), packets: 2, sourcePort: 1000), Stop);
        await run.SaysAsync(" 2 records");
        run.Terminate();
        ProgramResult ended = (await run.EndAsync()).Succeeded();
        Assert.Equal(6, ended.Ledger("packets in records"));
        Assert.Equal(2, ended.Ledger("records made"));
    }

    [Fact]
    public async Task WhatCanNotBeReadIsNamedAndLeftOut()
    {
        Put("dns.pcap");
        _folder.Write("in/notes.txt", "no capture at all, but some text that is long enough to tell"u8);
        string damaged = In("damaged.pcap");
        await File.WriteAllBytesAsync(
            damaged,
            [.. Capture(Begin, packets: 2, sourcePort: 1000), .. Enumerable.Repeat((byte)0xFF, 64)],
            Stop
        );
        using ProgramRun run = Start();
        await run.SaysAsync($"{In("notes.txt")} is no capture");
        await run.SaysAsync($"{damaged}, offset");
        await run.SaysAsync($" {Packets("dns.pcap") + 2} packets");
        Put("icmp.pcap");
        await run.SaysAsync($" {Packets("dns.pcap", "icmp.pcap") + 2} packets");
        run.Terminate();
        (await run.EndAsync()).Said(1, "1 of 4 inputs could not be read to their end").WithoutBug();
    }

    [Fact]
    public async Task WhatMakesNoSenseIsRefused()
    {
        (await Executable.RunAsync("replay", "-r", Executable.Sample("dns.pcap"), "--monitor", "--to", "null:")).Said(
            2,
            "--monitor",
            "leave out -r"
        );
        (await Executable.RunAsync("replay", "-r", "-", "--monitor", "--to", "null:")).Said(2, "--monitor", "leave out -r");
        (await Executable.RunAsync("replay", "--monitor", "--to", "null:")).Said(2, "nothing to read");
        (await Executable.RunAsync("replay", "-R", In(""), "--monitor", "--exactly-once", "--to", "kafka://localhost:1/t")).Said(
            2,
            "--exactly-once",
            "--monitor"
        );
        (await Executable.RunAsync("replay", "-R", In("none"), "--monitor", "--to", "null:", "--set", StateDir)).Said(
            1,
            "no such directory"
        );

        // The records of what has been read would be gone for good.
        Put("dns.pcap");
        await ToAsync(Packets("dns.pcap"));
        _runs--;
        using ProgramRun again = Start();
        (await again.EndAsync()).Said(2, "would empty", "records.json", "move it away");
        Assert.NotEqual(0, new FileInfo(Lines(1)).Length);
    }

    [Fact]
    public async Task OneRunAtATime()
    {
        using ProgramRun first = Start();
        await first.SaysAsync("waiting for captures");
        _runs--;
        using ProgramRun second = Start();
        (await second.EndAsync()).Said(1, "another run monitors").WithoutBug();
        first.Terminate();
        (await first.EndAsync()).Succeeded();
    }

    private string StateDir => $"reading.monitorStateDir={Path.Combine(_folder.Path, "state")}";

    private string In(string name) => Path.Combine(_folder.Path, "in", name);

    private string Lines(int run) => Path.Combine(_folder.Path, $"{run}.json");

    private void Put(string sample, string? name = null) => File.Copy(Executable.Sample(sample), In(name ?? sample));

    private static int Packets(params string[] samples) => samples.Sum(Samples.Packets);

    private static int PacketsOf(JsonElement document) => document.GetProperty("network").GetProperty("packets").GetInt32();

    private string State()
    {
        string? file = Directory
            .EnumerateFiles(Path.Combine(_folder.Path, "state"))
            .FirstOrDefault(static path => !path.EndsWith(".lock", StringComparison.Ordinal));
        return file is null ? "" : File.ReadAllText(file);
    }

    /// <summary>Starts it with a file of its own for the records, and the one state of all runs of the test.</summary>
    private ProgramRun Start(params string[] more)
    {
        // The state is that of a sink: all runs write to a name that leads elsewhere.
        string link = Path.Combine(_folder.Path, "records.json");
        _runs++;
        File.Delete(link);
        File.CreateSymbolicLink(link, Lines(_runs));
        return ProgramRun.WithSignals([
            "replay",
            "-R",
            In(""),
            "--monitor",
            "--to",
            $"ndjson:{link}",
            "--set",
            StateDir,
            "--set",
            "reading.monitorSettle=0",
            .. more,
        ]);
    }

    /// <summary>Runs it until it has read so many packets.</summary>
    private async Task<ProgramResult> ToAsync(long packets)
    {
        using ProgramRun run = Start();
        await run.SaysAsync($" {packets:N0} packets");
        run.Terminate();
        return (await run.EndAsync()).Succeeded().WithoutBug();
    }

    /// <summary>A capture of one UDP session, a packet each millisecond.</summary>
    private static byte[] Capture(long beginNs, int packets, int sourcePort)
    {
        byte[] frame = PacketBuilder.EthernetIp(
            PacketBuilder.UdpNumber,
            "10.0.0.1",
            "10.0.0.2",
            PacketBuilder.Udp(sourcePort, 9999, [1, 2, 3])
        );
        return new PcapBuilder()
            .AddAll(Enumerable.Range(0, packets).Select(number => new CapturedPacket(beginNs + (number * 1_000_000L), frame)))
            .ToArray();
    }
}
