using FlowPipe.Core;
using FlowPipe.Core.Reading;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

public sealed class InputTests : IDisposable
{
    private static readonly byte[] Capture = new PcapBuilder().AddAll(SamplePackets.Make(3)).ToArray();
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AMissingFileIsSaidAtOnce() => Refuses("absent.pcap", "no such file");

    [Fact]
    public void ADirectoryIsToBeGivenOtherwise() => Refuses("", "-R");

    [Fact]
    public void AnUnreadableFileIsSaidAtOnce()
    {
        string path = _folder.Write("secret.pcap", Capture);
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("file modes are Unix's");
            return;
        }
        File.SetUnixFileMode(path, UnixFileMode.None);
        Assert.SkipWhen(CanOpen(path), "runs as root, who may read everything");
        Refuses("secret.pcap", "readable");
    }

    [Fact]
    public void AMissingDirectoryIsSaidAtOnce()
    {
        string path = Path.Combine(_folder.Path, "absent");
        FlowPipeException e = Assert.Throws<FlowPipeException>(() => Open(new CaptureInput(path, IsDirectory: true)));
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileIsNoDirectory()
    {
        string path = _folder.Write("a.pcap", Capture);
        FlowPipeException e = Assert.Throws<FlowPipeException>(() => Open(new CaptureInput(path, IsDirectory: true)));
        Assert.Contains("-r", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("A1", "only 1 bytes")]
    [InlineData("48656C6C6F20776F726C640A", "no capture")]
    [InlineData("D4C3B2A10200040000000000", "within its header")]
    [InlineData("1F8B", "")]
    public async Task WhatIsNoCaptureIsDamage(string hex, string said)
    {
        string path = _folder.Write("x", Convert.FromHexString(hex));
        ReadBack read = await ReadBack.FilesAsync(path, _folder.Write("good.pcap", Capture));
        string damage = Assert.Single(read.Damage);
        Assert.Contains(path, damage, StringComparison.Ordinal);
        Assert.Contains(said, damage, StringComparison.Ordinal);
        Assert.Equal(3, read.Packets.Count);
    }

    [Fact]
    public async Task ADirectoryIsReadByName()
    {
        _folder.Write("c.pcap", Capture);
        _folder.Write("a.pcap", Capture);
        _folder.Write("below/b.pcap", Capture);
        _folder.Write("notes.txt", "not a capture"u8);

        ReadBack flat = await ReadBack.RunAsync(Directory(recursive: false), Stop);
        ReadBack deep = await ReadBack.RunAsync(Directory(recursive: true), Stop);

        Assert.Equal(["a.pcap", "c.pcap"], Names(flat), StringComparer.Ordinal);
        Assert.Equal(["a.pcap", "b.pcap", "c.pcap"], Names(deep), StringComparer.Ordinal);
        Assert.Empty(deep.Damage);
        Assert.Contains("notes.txt", Assert.Single(deep.Warnings), StringComparison.Ordinal);

        FileReaderSettings Directory(bool recursive) =>
            new()
            {
                Inputs = [new CaptureInput(_folder.Path, IsDirectory: true)],
                Recursive = recursive,
                Sorted = true,
            };
    }

    [Fact]
    public async Task TheSameFileIsReadOnce()
    {
        string path = _folder.Write("a.pcap", Capture);
        string link = Path.Combine(_folder.Path, "link.pcap");
        File.CreateSymbolicLink(link, path);
        string copy = _folder.Write("copy.pcap", Capture);

        ReadBack read = await ReadBack.FilesAsync(path, link, copy, path);

        Assert.Equal(["a.pcap", "copy.pcap"], Names(read), StringComparer.Ordinal);
        Assert.Equal(6, read.Packets.Count);
        Assert.Equal(2, read.Warnings.Count);
        Assert.Contains(link, read.Warnings[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task SourcesAreNumberedAndNamed()
    {
        string path = _folder.Write("a b.pcap", Capture);
        string other = _folder.Write("c.pcap", new PcapBuilder(nanoseconds: true).AddAll(SamplePackets.Make(2)).ToArray());
        ReadBack read = await ReadBack.FilesAsync(path, other);
        Assert.Equal([0, 0, 0, 1, 1], read.Packets.Select(packet => packet.Source.Number), EqualityComparer<int>.Default);
        Assert.Equal(new Uri(path).AbsoluteUri, read.Sources[0].Uri);
        Assert.NotEqual(read.Sources[0].Fingerprint, read.Sources[1].Fingerprint, StringComparer.Ordinal);
        using MemoryStream stream = new(Capture);
        Assert.Equal("stdin", (await ReadBack.StandardInputAsync(stream)).Sources[0].Uri);
    }

    private static IEnumerable<string> Names(ReadBack read) =>
        read.Sources.Select(source => Path.GetFileName(new Uri(source.Uri).LocalPath));

    private static void Open(CaptureInput input)
    {
        using FilePacketReader reader = new(new FileReaderSettings { Inputs = [input] });
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static bool CanOpen(string path)
    {
        try
        {
            File.OpenRead(path).Dispose();
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void Refuses(string name, string said)
    {
        string path = Path.Combine(_folder.Path, name);
        FlowPipeException e = Assert.Throws<FlowPipeException>(() => Open(new CaptureInput(path)));
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
    }
}
