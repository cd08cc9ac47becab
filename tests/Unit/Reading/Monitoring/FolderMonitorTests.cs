using FlowPipe.Core.Reading;
using FlowPipe.Core.Reading.Monitoring;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading.Monitoring;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class FolderMonitorTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _damaged = [];
    private FolderMonitor? _monitor;

    public void Dispose()
    {
        _monitor?.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatIsThereComesInOrder(bool sorted)
    {
        DateTime time = DateTime.UtcNow.AddHours(-1);
        foreach (string name in (string[])["c", "a", "b", ".hidden"])
            File.SetLastWriteTimeUtc(_folder.Write(name, "x"u8), time = time.AddSeconds(1));
        _folder.Write("empty", []);
        _folder.Write("sub/d", "x"u8);
        Watch(new MonitorSettings { Settle = 0 }, sorted: sorted);
        Assert.Equal(sorted ? ["a", "b", "c"] : ["c", "a", "b"], await TakeAsync(3));
        Assert.Null(await _monitor!.NextAsync(Short, Stop));
    }

    [Fact]
    public async Task WhatIsWrittenToIsWaitedFor()
    {
        Assert.SkipUnless(OpenWriters.Of(_folder.Write("probe", "x"u8)) == Writers.None, "no leases on this file system");
        File.Delete(Path.Combine(_folder.Path, "probe"));
        Watch(new MonitorSettings { Settle = 0, Rescan = 1 });
        await using (FileStream writing = File.Create(Path.Combine(_folder.Path, "a")))
        {
            for (int i = 0; i < 3; i++)
            {
                writing.WriteByte(1);
                await writing.FlushAsync(Stop);
                Assert.Null(await _monitor!.NextAsync(Short, Stop));
            }
        }
        Assert.Equal(["a"], await TakeAsync(1));
        Assert.Null(await _monitor!.NextAsync(Short, Stop));
    }

    [Fact]
    public async Task WhatIsMovedInComesWhole()
    {
        string outside = _folder.Write("out/x", "0123456789"u8);
        Directory.CreateDirectory(Path.Combine(_folder.Path, "in"));
        Watch(new MonitorSettings { Settle = 0, Rescan = 3600 }, "in");
        Assert.Null(await _monitor!.NextAsync(Short, Stop));
        File.Move(outside, Path.Combine(_folder.Path, "in", "x"));
        Assert.Equal(["x"], await TakeAsync(1));
    }

    [Fact]
    public async Task FoldersThatComeAreWatchedToo()
    {
        Watch(new MonitorSettings { Settle = 0, Rescan = 3600 }, recursive: true);
        Assert.Null(await _monitor!.NextAsync(Short, Stop));
        _folder.Write("one/two/three/a", "x"u8);
        Assert.Equal(["a"], await TakeAsync(1));
        _folder.Write("one/two/three/b", "x"u8);
        Assert.Equal(["b"], await TakeAsync(1));
        Directory.Delete(Path.Combine(_folder.Path, "one"), recursive: true);
        Assert.Null(await _monitor.NextAsync(Short, Stop));
        _folder.Write("one/c", "x"u8);
        Assert.Equal(["c"], await TakeAsync(1));
    }

    [Fact]
    public async Task WhatHasGrownComesAgain()
    {
        string path = _folder.Write("a", "x"u8);
        Watch(new MonitorSettings { Settle = 0 });
        Assert.Equal(["a"], await TakeAsync(1));
        await File.AppendAllTextAsync(path, "y", Stop);
        Assert.Equal(["a"], await TakeAsync(1));
        Assert.Null(await _monitor!.NextAsync(Short, Stop));
    }

    [Fact]
    public async Task WhoWritesIsGuessedWhereItCanNotBeKnown()
    {
        string path = _folder.Write("there", "x"u8);
        Watch(new MonitorSettings { Settle = 0, Quiet = 3600 }, writers: _ => Writers.Unknown);
        Assert.Null(await _monitor!.NextAsync(Short, Stop));
        // We looked on while this one was closed.
        _folder.Write("written", "x"u8);
        Assert.Equal(["written"], await TakeAsync(1));
        _monitor.Dispose();

        File.Delete(Path.Combine(_folder.Path, "written"));
        Watch(new MonitorSettings { Settle = 0, Quiet = 1 }, writers: _ => Writers.Unknown);
        Assert.Equal(["there"], await TakeAsync(1));
        // What grows again has not been quiet, and who has it open has not closed it.
        await using FileStream writing = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        writing.WriteByte(1);
        await writing.FlushAsync(Stop);
        Assert.Equal(["there"], await TakeAsync(1));
    }

    [Fact]
    public async Task WhatIsKnownIsLeftOut()
    {
        _folder.Write("a", "x"u8);
        _folder.Write("b", "x"u8);
        Watch(new MonitorSettings { Settle = 0 }, known: "a");
        Assert.Equal(["b"], await TakeAsync(1));
        Assert.Null(await _monitor!.NextAsync(Short, Stop));
        Assert.Equal(1, _monitor.Known);
    }

    [Fact]
    public async Task WhatCanNotBeOpenedIsNamedOnceAndTriedWhenItsRightsChange()
    {
        string path = _folder.Write("a", "x"u8);
        bool mayOpen = false;
        Watch(
            new MonitorSettings { Settle = 0, Rescan = 1 },
            writers: _ => mayOpen ? Writers.None : throw new UnauthorizedAccessException("no right")
        );
        Assert.Null(await _monitor!.NextAsync(TimeSpan.FromSeconds(1.5), Stop));
        Assert.Contains(path, Assert.Single(_damaged), StringComparison.Ordinal);
        mayOpen = true;
        File.SetUnixFileMode(path, UnixFileMode.UserRead);
        Assert.Equal(["a"], await TakeAsync(1));
        Assert.Single(_damaged);
    }

    private void Watch(
        MonitorSettings settings,
        string folder = "",
        bool sorted = false,
        bool recursive = false,
        Func<string, Writers>? writers = null,
        string? known = null
    ) =>
        _monitor = new FolderMonitor(
            new FileReaderSettings
            {
                Inputs = [],
                Monitor = settings,
                Sorted = sorted,
                Recursive = recursive,
            },
            [Path.Combine(_folder.Path, folder)],
            _damaged.Add,
            (path, _) => Path.GetFileName(path) == known
        )
        {
            WritersOf = writers ?? OpenWriters.Of,
        };

    private async Task<string[]> TakeAsync(int count)
    {
        var names = new string[count];
        for (int i = 0; i < count; i++)
            names[i] = Path.GetFileName((await _monitor!.NextAsync(Long, Stop))?.Path) ?? "nothing";
        return names;
    }
}
