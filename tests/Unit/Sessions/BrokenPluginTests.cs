using FlowPipe.Abstractions;
using FlowPipe.Core;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Sessions;

public sealed class BrokenPluginTests
{
    private readonly List<string> _said = [];

    [Fact]
    public async Task OneThatCantRegisterIsNamedAndLeavesNothingBehind()
    {
        // Both want the same names: the second would be refused if anything of the first had stayed.
        IReadOnlyList<GatheredRecord> records = await RunAsync(new SessionSettings(), new Plugin("bad", throws: true), new Plugin("good"));
        Assert.Equal("udp named", Assert.Single(records).Texts("protocols"));
        Assert.Equal(["plugin bad is not used: it can't register: not today"], _said);
    }

    [Fact]
    public async Task WhatTwoClaimTheFirstGets()
    {
        IReadOnlyList<GatheredRecord> records = await RunAsync(new SessionSettings(), new Plugin("first"), new Plugin("second"));
        Assert.Equal("udp named", Assert.Single(records).Texts("protocols"));
        Assert.Contains(
            "plugin second is not used: it can't register: parser 'named' is registered twice",
            Assert.Single(_said),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task ItsSettingsAreNoMistakesOfTheUser()
    {
        var sessions = new SessionSettings { Parsers = new Dictionary<string, string>(StringComparer.Ordinal) { ["named"] = "true" } };
        Assert.Single(await RunAsync(sessions, new Plugin("bad", throws: true)));
        Assert.Single(_said);
    }

    [Fact]
    public async Task AWrongSettingIsTheUsersToMend()
    {
        var sessions = new SessionSettings { Parsers = new Dictionary<string, string>(StringComparer.Ordinal) { ["named"] = "maybe" } };
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(() => RunAsync(sessions, new Plugin("good")));
        Assert.True(e.IsWrongUsage);
        Assert.Contains("parsers.named is \"maybe\"", e.Message, StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<GatheredRecord>> RunAsync(SessionSettings sessions, params IFlowPipePlugin[] plugins)
    {
        var sink = new GatheringSink();
        using var run = new SessionRun(
            new MemoryReader([new MemorySource(new Conversation().Udp(1, true, "data").Packets)]),
            sink,
            sessions,
            plugins: plugins,
            warn: _said.Add
        );
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        return sink.Records;
    }

    private sealed class Plugin(string name, bool throws = false) : IFlowPipePlugin
    {
        public string Name => name;

        public void Register(IRegistrar registrar)
        {
            _ = registrar.Setting("named", false, "What it does");
            registrar.Udp("named", 0, "data"u8);
            registrar.Parser<SessionParser>("named", static () => throw new InvalidOperationException());
            if (throws)
                throw new InvalidOperationException("not today");
        }
    }
}
