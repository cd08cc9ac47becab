using FlowPipe.Core;
using FlowPipe.Core.Reading.Live;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading.Live;

public sealed class CaptureEpochTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void NeverRepeats()
    {
        string folder = Path.Combine(_folder.Path, "made", "on", "demand");
        long[] epochs = new long[40];
        Parallel.For(0, epochs.Length, i => epochs[i] = CaptureEpoch.Next(folder));
        Assert.Equal(epochs.Length, epochs.Distinct().Count());
        Assert.True(CaptureEpoch.Next(folder) > epochs.Max());
    }

    [Fact]
    public void GoesOnFromWhatIsThere()
    {
        _folder.Write("capture-epoch", "9000000000000000000\n"u8);
        Assert.Equal(9_000_000_000_000_000_001, CaptureEpoch.Next(_folder.Path));
        Assert.Equal(9_000_000_000_000_000_002, CaptureEpoch.Next(_folder.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    public void WhatCantBeReadDoesNotRepeatEither(string text)
    {
        _folder.Write("capture-epoch", System.Text.Encoding.ASCII.GetBytes(text));
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Assert.True(CaptureEpoch.Next(_folder.Path) >= now);
    }

    [Fact]
    public void AFolderThatCantBeWrittenToIsSaid()
    {
        _folder.Write("file", []);
        var error = Assert.Throws<FlowPipeException>(() => CaptureEpoch.Next(Path.Combine(_folder.Path, "file")));
        Assert.Contains("capture.stateDir", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RingsAndInterfacesAreToldApart()
    {
        string[] all =
        [
            CaptureEpoch.Fingerprint(1, "eth0", 0),
            CaptureEpoch.Fingerprint(1, "eth0", 1),
            CaptureEpoch.Fingerprint(1, "eth1", 0),
            CaptureEpoch.Fingerprint(2, "eth0", 0),
        ];
        Assert.Equal(4, all.Distinct(StringComparer.Ordinal).Count());
        Assert.All(all, static fingerprint => Assert.Matches("^[0-9a-f]{16}$", fingerprint));
    }

    [Theory]
    [InlineData("eth0", "eth0", null)]
    [InlineData("eth0=tcp port 443", "eth0", "tcp port 443")]
    [InlineData("eth0=", "eth0", "")]
    [InlineData("eth0=ip[0] = 0x45", "eth0", "ip[0] = 0x45")]
    public void InterfacesAreReadWithTheirFilters(string text, string name, string? bpf)
    {
        Assert.True(CaptureInterface.IsValid(text));
        Assert.Equal(new CaptureInterface(name, bpf), CaptureInterface.Parse(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("=tcp")]
    [InlineData("a/b")]
    [InlineData("0123456789abcdef")]
    public void WhatCanBeNoInterfaceIsRefused(string text) => Assert.False(CaptureInterface.IsValid(text));
}
