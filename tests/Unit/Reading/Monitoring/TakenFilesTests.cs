using FlowPipe.Core;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Reading.Monitoring;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading.Monitoring;

public sealed class TakenFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    private string State => Path.Combine(_folder.Path, "deep", "state");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatWasKeptIsKnownToTheNextRun()
    {
        TakenFile whole = File(1);
        TakenFile half = File(2) with { IsWhole = false, UpTo = 77 };
        using (TakenFiles first = Open())
        {
            Assert.Equal(0, first.UpTo(whole.Fingerprint));
            first.Note(whole);
            first.Note(half);
            first.Note(File(3));
            first.Keep([whole, half], _warnings.Add);
        }
        using TakenFiles second = Open();
        Assert.Equal(2, second.Count);
        Assert.Equal(whole.UpTo, second.UpTo(whole.Fingerprint));
        Assert.Equal(77, second.UpTo(half.Fingerprint));
        Assert.Equal(0, second.UpTo(File(3).Fingerprint));
        Assert.True(second.IsTaken(whole.Uri, whole.Status));
        Assert.False(second.IsTaken(whole.Uri, whole.Status with { Size = 1 }));
        Assert.False(second.IsTaken(whole.Uri, whole.Status with { ModifiedNs = 1 }));
        Assert.False(second.IsTaken(whole.Uri + "x", whole.Status));
        Assert.False(second.IsTaken(half.Uri, half.Status));
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("0123456789abc", 1)] // half a line
    [InlineData("nonsense\n\0\0\0\0 1 2 3 4\n", 2)]
    [InlineData("0000000000000009 1 2 3 file:///tmp/x", 0)] // only its end is missing
    public void WhatMakesNoSenseIsSaidAndHarmsNothing(string more, int unreadable)
    {
        using (TakenFiles first = Open())
            first.Keep([File(1)], null);
        System.IO.File.AppendAllText(State, more);
        using (TakenFiles second = Open())
        {
            Assert.Equal(unreadable == 0 ? 2 : 1, second.Count);
            second.Keep([File(2)], null);
        }
        Assert.Equal(unreadable > 0, _warnings.Exists(warning => warning.Contains($"{unreadable} lines", StringComparison.Ordinal)));
        using TakenFiles third = Open();
        Assert.Equal(File(1).UpTo, third.UpTo(File(1).Fingerprint));
        Assert.Equal(File(2).UpTo, third.UpTo(File(2).Fingerprint));
    }

    [Fact]
    public void TheOldestAreForgottenFirst()
    {
        const int max = 10;
        using (TakenFiles first = Open(max))
        {
            for (int i = 0; i < 100; i++)
            {
                first.Note(File(i));
                first.Keep([File(i)], _warnings.Add);
                Assert.InRange(first.Count, 0, max);
            }
            Known(first);
        }
        Assert.InRange(System.IO.File.ReadAllLines(State).Length, max, 2 * max);
        using TakenFiles second = Open(max);
        Known(second);
        Assert.Empty(_warnings);

        static void Known(TakenFiles files)
        {
            for (int i = 0; i < 100; i++)
            {
                Assert.Equal(i >= 90 ? File(i).UpTo : 0, files.UpTo(File(i).Fingerprint));
                Assert.Equal(i >= 90, files.IsTaken(File(i).Uri, File(i).Status));
            }
        }
    }

    [Fact]
    public void TwoRunsDoNotShareIt()
    {
        using TakenFiles first = Open();
        FlowPipeException refused = Assert.Throws<FlowPipeException>(() => Open());
        Assert.Contains("another run", refused.Message, StringComparison.Ordinal);
        Assert.Contains("reading.monitorStateDir", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderThatCanNotBeIsSaid()
    {
        string file = _folder.Write("file", "x"u8);
        FlowPipeException refused = Assert.Throws<FlowPipeException>(() => new TakenFiles(Path.Combine(file, "state"), null));
        Assert.Contains("reading.monitorStateDir", refused.Message, StringComparison.Ordinal);
    }

    private TakenFiles Open(int max = 100) => new(State, _warnings.Add, max);

    private static TakenFile File(int number) =>
        new(
            $"{number + 1:x16}",
            1000 + number,
            IsWhole: true,
            $"file:///captures/{number}%20a.pcap",
            new FileStatus(FileKind.Regular, default, 5000 + number, 1_700_000_000_000_000_000 + number, 0)
        );
}
