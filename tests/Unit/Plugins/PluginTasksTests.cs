using FlowPipe.Abstractions;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions;

namespace FlowPipe.Tests.Unit.Plugins;

/// <summary>Work of plugins beside the packets, without a run.</summary>
public sealed class PluginTasksTests
{
    private readonly List<string> _said = [];
    private readonly PluginTable _table = new();

    [Fact]
    public async Task ItMayFinishWhatItHasBegun()
    {
        bool begun = false;
        bool finished = false;
        await RunAsync(
            async (_, ended) =>
            {
                begun = true;
                using var done = new SemaphoreSlim(0);
                using CancellationTokenRegistration registration = ended.Register(() => done.Release());
                await done.WaitAsync(CancellationToken.None);
                finished = true;
            }
        );
        Assert.True(begun && finished);
        Assert.Empty(_said);
    }

    [Fact]
    public async Task WhatIsCancelledByTheEndIsNoError()
    {
        await RunAsync((_, ended) => Task.Delay(Timeout.Infinite, ended));
        Assert.Empty(_said);
    }

    [Fact]
    public async Task OneThatDoesNotEndIsNamedAndLeftBehind()
    {
        var never = new TaskCompletionSource();
        await RunAsync((_, _) => never.Task, patienceMs: 20);
        Assert.Equal("plugin p: its background work does not end, and is left behind", Assert.Single(_said));
        never.SetResult();
    }

    [Fact]
    public async Task CommandsWithoutSessionsAnswerNothing()
    {
        SessionInfo? info = new()
        {
            Session = default,
            State = FlowState.New,
            FirstPacketNs = 0,
            LastPacketNs = 0,
            Segment = 0,
            Packets = default,
        };
        await using var run = new TestSupport.PausedRun(
            [],
            plugins: [new Asking(async sessions => info = await sessions.LookUpAsync(default(SessionRef)))]
        );
        await run.EndAsync();
        Assert.Null(info);
    }

    private async Task RunAsync(BackgroundWork work, int patienceMs = 60_000)
    {
        PluginEntry plugin = _table.Begin("p");
        _table.Background.Add(new PluginBackground(work, plugin));
        var tasks = new PluginTasks(_table, new PluginFaults(stop: false, _said.Add), _said.Add)
        {
            Patience = TimeSpan.FromMilliseconds(patienceMs),
        };
        tasks.Start(new SessionCommands([], default, [], plugin));
        await tasks.EndAsync();
    }

    private sealed class Asking(Func<ISessionCommands, Task> ask) : IFlowPipePlugin
    {
        public string Name => "asking";

        public void Register(IRegistrar registrar) => registrar.Background((sessions, _) => ask(sessions));
    }
}
