using FlowPipe.Abstractions;
using FlowPipe.Core.Writing;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Writing;

/// <summary>The writer in the real topology: what it does with files, with packets that a disk does not take, and with the records of these.</summary>
public sealed class WriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    private WriterSettings Settings =>
        new()
        {
            PcapWriteMethod = WriterSettings.Simple,
            PcapDir = [In("a")],
            Node = "sensor/1",
            PcapWriteSize = WriterSettings.SmallestBuffer,
            Warn = _warnings.Add,
        };

    [Fact]
    public async Task FilesAreNamedAfterTheNodeAndNobodyElseReadsThem()
    {
        GatheringSink sink = await RunAsync(Settings, Flows(3));
        string file = Assert.Single(Directory.GetFiles(In("a")));
        Assert.Matches(@"^sensor_1-\d{6}-\d{6}-[0-9a-f]{4}-0001\.pcap$", Path.GetFileName(file));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(file));
        Assert.Equal(6, PlainPcap.Read(file).Count);
        Assert.All(sink.Records, record => Assert.Equal(new Uri(file).AbsoluteUri, record.Texts("file_uris")));
    }

    [Fact]
    public async Task ANewFileIsBegunForSizeTimeAndLinkType()
    {
        await RunAsync(Settings with { MaxFileSize = 200 }, Flows(6));
        Assert.Equal([2, 2, 2, 2, 2, 2], Packets("a"));

        Directory.Delete(In("a"), recursive: true);
        // a flow a second
        await RunAsync(Settings with { MaxFileTimeM = 1 }, Flows(130));
        Assert.Equal([120, 120, 20], Packets("a"));

        Directory.Delete(In("a"), recursive: true);
        IReadOnlyList<CapturedPacket> flows = Flows(2);
        await RunAsync(
            Settings,
            new MemorySource(flows),
            new MemorySource([.. flows.Select(static packet => packet with { Data = packet.Data[14..] })], 101, "ff")
        );
        Assert.Equal([4, 4], Packets("a"));
    }

    [Fact]
    public async Task FoldersTakeTurns()
    {
        await RunAsync(Settings with { MaxFileSize = 200, PcapDir = [In("a"), In("b"), In("c")] }, Flows(6));
        Assert.Equal(
            [
                [2, 2],
                [2, 2],
                [2, 2],
            ],
            new[] { Packets("a"), Packets("b"), Packets("c") }
        );
    }

    [Fact]
    public async Task ARecordIsNotSentBeforeItsPacketsAreWritten()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int written = 0;
        var sink = new GatheringSink
        {
            Before = (_, batch) =>
            {
                Assert.True(batch.WrittenUpTo > 0);
                Assert.True(Volatile.Read(ref written) > 0, "a record came before its packets were written");
                return Task.CompletedTask;
            },
        };
        WriterSettings settings = Settings with
        {
            Before = async _ =>
            {
                await gate.Task;
                Volatile.Write(ref written, 1);
            },
        };
        using var run = new SessionRun(new MemoryReader(new MemorySource(Flows(600))), sink, partitions: 3, writer: settings);
        Task running = run.RunAsync(TestContext.Current.CancellationToken);
        await Task.WhenAny(running, Task.Delay(100, TestContext.Current.CancellationToken));
        Assert.Empty(sink.Records);
        gate.SetResult();
        await running;
        Assert.Equal(600, sink.Records.Count);
        run.AssertBalanced();
        Assert.Equal((1200, 0), (run.Writer!.Counts.Packets, run.Writer.Counts.LostPackets));
    }

    [Fact]
    public async Task AReplayWaitsForADiskThatRefuses()
    {
        int refusals = 0;
        GatheringSink sink = await RunAsync(
            Settings with
            {
                Before = _ =>
                    Interlocked.Increment(ref refusals) < 4 ? throw new IOException("No space left on device") : Task.CompletedTask,
            },
            Flows(5)
        );
        Assert.Equal(5, sink.Records.Count);
        Assert.Equal([10], Packets("a"));
        Assert.Equal(2, _warnings.Count); // said once, and once that it is over
        Assert.Contains("No space left on device: waiting for the disk", _warnings[0], StringComparison.Ordinal);
        Assert.EndsWith("packets are written there again", _warnings[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACaptureGoesOnWithoutADiskAndItsRecordsSaySo()
    {
        bool refuses = true;
        WriterSettings settings = Settings with
        {
            IsLive = true,
            Before = _ => Volatile.Read(ref refuses) ? throw new IOException("No space left on device") : Task.CompletedTask,
        };
        var first = new Conversation().Udp(0, true, "lost on its way");
        var second = new Conversation(clientPort: 40001).Udp(20, true, "not kept");
        var third = new Conversation(clientPort: 40002).Udp(200, true, "kept");
        var sink = new GatheringSink();
        var reader = new ScriptedLiveReader(
            1,
            new LiveStep(0, first.Packets),
            // what is open is handed over once a second; here a tick ends the session, and its record is handed on
            LiveStep.Tick(0, 100),
            new LiveStep(0, second.Packets) { Before = async () => await UntilAsync(() => sink.Records.Count == 1) },
            LiveStep.Tick(0, 190),
            new LiveStep(0, third.Packets)
            {
                Before = async () =>
                {
                    Volatile.Write(ref refuses, false);
                    // the folder itself is in order, so that a look at it finds that it takes files again
                    await UntilAsync(() => _warnings.Count == 2);
                },
            }
        );
        using (var run = new SessionRun(reader, sink, writer: settings))
        {
            await run.RunAsync(TestContext.Current.CancellationToken);
            run.AssertBalanced();
            Assert.Equal((1, 1), (run.Writer!.Counts.Packets, run.Writer.Counts.LostPackets));
            Assert.Equal((2, 1), (run.Counts.SavedPackets, run.Counts.UnsavedPackets));
        }
        Assert.Equal(["pcap-disk-error", "pcap-disk-error", ""], sink.Records.Select(record => record.Texts("tags")));
        Assert.Contains("no packets are kept there until", _warnings[0], StringComparison.Ordinal);
        Assert.EndsWith("packets are kept there again", _warnings[1], StringComparison.Ordinal);
        Assert.Equal([1], Packets("a"));
    }

    [Fact]
    public async Task ACaptureDoesNotWaitForASlowDisk()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        WriterSettings settings = Settings with { IsLive = true, MaxWriteBuffers = 2, Before = _ => gate.Task };
        string data = new('x', 60_000);
        // more than all buffers hold: 60 packets of 60 kB
        LiveStep[] steps =
        [
            .. Enumerable.Range(0, 60).Select(i => new LiveStep(0, new Conversation(clientPort: 40000 + i).Udp(i, true, data).Packets)),
        ];
        var sink = new GatheringSink();
        SessionRun? started = null;
        var reader = new ScriptedLiveReader(1, [.. steps, LiveStep.Tick(0, 60) with { Before = OpenAsync }]);
        using SessionRun run = started = new SessionRun(reader, sink, emitCapacity: 512, writer: settings);
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal(60, run.Counts.SavedPackets + run.Counts.UnsavedPackets);
        Assert.InRange(run.Counts.UnsavedPackets, 20, 50);
        Assert.Equal(run.Counts.SavedPackets, run.Writer!.Counts.Packets);
        Assert.Equal(run.Counts.UnsavedPackets, sink.Records.Count(record => record.Texts("tags") == "pcap-disk-overload"));

        async Task OpenAsync()
        {
            // the reader has come here, though nothing was ever written
            await UntilAsync(() => started!.Topology.Sessions[0].Input.InputCount == 0);
            gate.SetResult();
        }
    }

    [Fact]
    public async Task AFileThatIsGivenUpIsClosedAtOnce()
    {
        int writes = 0;
        WriterSettings settings = Settings with
        {
            IsLive = true,
            Before = _ => Interlocked.Increment(ref writes) == 2 ? throw new IOException("No space left on device") : Task.CompletedTask,
        };
        SessionRun? started = null;
        (long Opened, long Closed) before = default;
        var sink = new GatheringSink();
        var reader = new ScriptedLiveReader(
            1,
            new LiveStep(0, new Conversation().Udp(0, true, "written").Packets),
            LiveStep.Tick(0, 100),
            new LiveStep(0, new Conversation(clientPort: 40001).Udp(110, true, "refused").Packets),
            LiveStep.Tick(0, 300),
            LiveStep.Tick(0, 301) with
            {
                Before = async () =>
                {
                    await UntilAsync(() => sink.Records.Count == 2);
                    before = (started!.Writer!.Counts.Opened, started.Writer.Counts.Closed);
                },
            }
        );
        using SessionRun run = started = new SessionRun(reader, sink, writer: settings);
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal((1, 1), before);
        Assert.Equal((1, 1), (run.Writer!.Counts.Opened, run.Writer.Counts.Closed));
    }

    [Fact]
    public async Task RecordsDoNotWaitForAFileThatHasEndedBeforeThem()
    {
        // more sessions than emit and what is before it hold, all of them over only after their file is
        CapturedPacket[] packets =
        [
            .. Enumerable.Range(0, 20_000).Select(static i => new Conversation(clientPort: 1_000 + i).Udp(0, true, "x").Packets[0]),
        ];
        var reader = new ScriptedLiveReader(
            1,
            // after the first packets of a second what is open is written anyway
            new LiveStep(0, packets[..1]),
            new LiveStep(0, packets[1..]),
            LiveStep.Tick(0, 61),
            LiveStep.Tick(0, 800)
        );
        var sink = new GatheringSink();
        using var run = new SessionRun(
            reader,
            sink,
            new Core.Sessions.SessionSettings { UdpTimeout = 600 },
            writer: Settings with
            {
                IsLive = true,
                MaxFileTimeM = 1,
                PcapWriteSize = 4 << 20,
            }
        );
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal(packets.Length, sink.Records.Count);
    }

    [Fact]
    public async Task OldFilesMakeRoom()
    {
        Directory.CreateDirectory(In("a"));
        string old = Old("sensor_1-250101-000000-00ff-0001.pcap", hours: 2);
        string older = Old("sensor_1-250101-000000-00ff-0002.pcap.zst", hours: 3);
        string[] kept =
        [
            Old("sensor_1-250101-000000-00ff-0003.pcap", hours: 0), // another process may be writing it
            Old("sensor_2-250101-000000-00ff-0001.pcap", hours: 5),
            Old("sensor_1-250101-000000-00ff-0001.pcap.keep", hours: 5),
            Old("sensor_1-notes.pcap", hours: 5),
            Old("sensor_1-250101-000000-00ff-1.pcap", hours: 5),
        ];
        // no disk has so much room
        await RunAsync(Settings with { FreeSpace = long.MaxValue }, Flows(2));
        Assert.False(File.Exists(old) || File.Exists(older));
        Assert.All(kept, static file => Assert.True(File.Exists(file), file));
        Assert.Equal(6, Directory.GetFiles(In("a")).Length);

        string Old(string name, int hours)
        {
            string path = In("a/" + name);
            File.WriteAllText(path, "");
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-hours));
            return path;
        }
    }

    [Fact]
    public void AFileThatHasBecomeShorterIsRefusedAtEveryTry()
    {
        var file = new PcapFile("f", In("f.pcap"), 0, 1, new PacketSource(0, "f", "file:///f"));
        using var output = new PcapOutput(file, zstd: null);
        var buffer = new PcapBuffer(0, 100) { Length = 100 };
        output.Write(buffer);
        File.Delete(file.FullName);
        Assert.Contains("it was removed", Assert.Throws<IOException>(() => output.Write(buffer)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(file.FullName, new byte[10]);
        for (int tries = 0; tries < 3; tries++)
            Assert.Contains("shorter", Assert.Throws<IOException>(() => output.Write(buffer)).Message, StringComparison.Ordinal);
        // and as long as it was, it goes on
        File.WriteAllBytes(file.FullName, new byte[100]);
        output.Write(buffer);
        Assert.Equal(200, new FileInfo(file.FullName).Length);
    }

    [Fact]
    public void AFolderThatCantBeWrittenToIsSaidBeforeAnythingIsRead()
    {
        File.WriteAllText(In("file"), "");
        var error = Assert.Throws<Core.FlowPipeException>(() =>
            new WriteBlock(Settings with { PcapDir = [In("file/dir")] }, 1, null, CancellationToken.None)
        );
        Assert.Contains("writer.pcapDir: packets can't be written to " + In("file/dir"), error.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<CapturedPacket> Flows(int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .SelectMany(static i => new Conversation(clientPort: 1_000 + i).Udp(i, true, "to").Udp(i + 0.5, false, "fro").Packets),
        ];

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var watchdog = new CancellationTokenSource(SessionRun.Watchdog);
        while (!condition())
            await Task.Delay(5, watchdog.Token);
    }

    private static Task<GatheringSink> RunAsync(WriterSettings settings, IReadOnlyList<CapturedPacket> packets) =>
        RunAsync(settings, new MemorySource(packets));

    private static async Task<GatheringSink> RunAsync(WriterSettings settings, params MemorySource[] sources)
    {
        var sink = new GatheringSink();
        using var run = new SessionRun(new MemoryReader(sources), sink, writer: settings);
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal(run.Counts.SavedPackets, run.Writer!.Counts.Packets);
        Assert.Equal(run.Writer.Counts.Opened, run.Writer.Counts.Closed);
        return sink;
    }

    private string In(string name) => Path.Combine(_folder.Path, name);

    /// <summary>Packets of each file, in the order in which they were begun.</summary>
    private int[] Packets(string folder) =>
        [.. Directory.GetFiles(In(folder)).Order(StringComparer.Ordinal).Select(static file => PlainPcap.Read(file).Count)];
}
