using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Plugins;

/// <summary>A plugin's own work on a session, asked for from another thread.</summary>
public sealed class SessionWorkTests
{
    private static readonly FlowKey Key = new("udp", IpAddress.ReadIPv4([10, 0, 0, 1]), 40_000, IpAddress.ReadIPv4([10, 0, 0, 2]), 80);
    private readonly List<string> _said = [];

    [Fact]
    public async Task ItMayDoWhatAParserMay()
    {
        await using PausedRun run = Paused(new Conversation().Udp(100, true).Udp(101, false));
        SessionRef session = (await run.LookUpAsync(Key))!.Session;
        SessionRef seen = default;
        SessionInfo info = (
            await run.Commands.PostAsync(
                session,
                one =>
                {
                    seen = one.Ref;
                    one.AddTag("seen"u8);
                    one.AddProtocol("guessed"u8);
                    return AfterWork.GoOn;
                }
            )
        )!;
        Assert.Equal((session, session, 2L), (seen, info.Session, info.Packets.Sum));
        GatheredRecord record = Assert.Single(await run.EndAsync());
        Assert.Equal(("seen", "udp guessed"), (record.Texts("tags"), record.Texts("protocols")));
    }

    [Fact]
    public async Task ItMayEndTheSession()
    {
        await using PausedRun run = Paused(new Conversation().Udp(100, true), new Conversation().Udp(101, true).Udp(102, true));
        SessionRef session = (await run.LookUpAsync(Key))!.Session;
        Assert.NotNull(await run.Commands.PostAsync(session, static _ => AfterWork.Close));
        Assert.Null(await run.Commands.PostAsync(session, static _ => throw new InvalidOperationException("it is over")));
        IReadOnlyList<GatheredRecord> records = await run.EndAsync();
        Assert.Equal([(EndReason.Forced, 1L), (EndReason.Shutdown, 2L)], records.Select(record => (record.Reason, record.Long("packets"))));
        Assert.Empty(_said);
    }

    [Fact]
    public async Task ItMayLeaveTheSessionToItsStragglers()
    {
        // The closing timeout is 5 s from the last packet: what comes at 104 belongs to it, what comes at 120 does not.
        await using PausedRun run = Paused(new Conversation().Udp(100, true), new Conversation().Udp(104, true).Udp(120, true));
        SessionRef session = (await run.LookUpAsync(Key))!.Session;
        SessionInfo info = (
            await run.Commands.PostAsync(
                session,
                static one =>
                {
                    one.MarkForClose(EndReason.Reuse);
                    return AfterWork.GoOn;
                }
            )
        )!;
        Assert.Equal(FlowState.Closed, info.State);
        IReadOnlyList<GatheredRecord> records = await run.EndAsync();
        Assert.Equal([(EndReason.Reuse, 2L), (EndReason.Shutdown, 1L)], records.Select(record => (record.Reason, record.Long("packets"))));
    }

    [Fact]
    public async Task ALateOneMissesTheNextSessionOfTheSameKey()
    {
        await using PausedRun run = Paused(new Conversation().Udp(100, true), new Conversation().Udp(500, true).Udp(500.1, true));
        SessionRef first = (await run.LookUpAsync(Key))!.Session;
        await run.GoOnAsync();
        bool done = false;
        Assert.Null(
            await run.Commands.PostAsync(
                first,
                _ =>
                {
                    done = true;
                    return AfterWork.Close;
                }
            )
        );
        Assert.False(done);
        Assert.Equal([1L, 2L], (await run.EndAsync()).Select(record => record.Long("packets")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatItThrowsCostsItselfAlone(bool byAnOpenRecord)
    {
        await using PausedRun run = Paused(new Conversation().Udp(100, true), new Conversation().Udp(101, true));
        SessionRef session = (await run.LookUpAsync(Key))!.Session;
        SessionInfo? info = await run.Commands.PostAsync(
            session,
            one =>
            {
                one.AddTag("begun"u8);
                if (!byAnOpenRecord)
                    throw new InvalidOperationException("half done");
                one.Fields.Begin(FieldDictionary.Default["dns"]);
                return AfterWork.Close;
            }
        );
        Assert.Null(info);
        GatheredRecord record = Assert.Single(await run.EndAsync());
        Assert.Equal((2L, "begun plugin-fault:flowpipe"), (record.Long("packets"), record.Texts("tags")));
        Assert.StartsWith(
            "plugin flowpipe: its work on a session has an error, and it was not finished",
            Assert.Single(_said),
            StringComparison.Ordinal
        );
    }

    private PausedRun Paused(Conversation first, Conversation? second = null) =>
        new(first.Packets, second?.Packets, partitions: 2, new SessionSettings(), warn: _said.Add);
}
