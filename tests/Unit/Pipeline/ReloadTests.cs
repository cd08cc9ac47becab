using FlowPipe.Core.Enqueue.Drops;
using FlowPipe.Pipeline.Commands;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Pipeline;

/// <summary>What SIGHUP does; EndToEnd.SignalTests sends one.</summary>
public sealed class ReloadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ANewFileReplacesTheListsAndABadOneDoesNot()
    {
        string list = _folder.Write("list", "10.0.0.1\n"u8);
        string config = _folder.Write("flowpipe.yaml", System.Text.Encoding.UTF8.GetBytes($"packets:\n  packetDropIpsFiles: ['{list}']\n"));
        var command = new CommandRun();
        var lists = new Snapshot<DropLists>(null);
        using var reload = new ReloadSignal(lists, Load, command.Context.Status);

        reload.Reload();
        DropLists first = lists.Current!;
        Assert.Equal(1, first.Entries);

        _folder.Write("list", "10.0.0.1\n10.0.0.2\n"u8);
        reload.Reload();
        DropLists second = lists.Current!;
        Assert.Equal(2, second.Entries);

        _folder.Write("list", "10.0.0.1\nnonsense\n"u8);
        reload.Reload();
        Assert.Same(second, lists.Current);
        Assert.Contains($"{list}:2", command.Error, StringComparison.Ordinal);

        _folder.Write("flowpipe.yaml", "packets: [\n"u8);
        reload.Reload();
        Assert.Same(second, lists.Current);
        Assert.Contains("stay as they were", command.Error, StringComparison.Ordinal);

        _folder.Write("flowpipe.yaml", ""u8);
        reload.Reload();
        Assert.Null(lists.Current);

        FlowPipeSettings Load() => ConfigLoader.Load(config, new System.Collections.Hashtable(), []).Settings;
    }
}
