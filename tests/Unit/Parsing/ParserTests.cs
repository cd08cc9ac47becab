using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.Conversation;

namespace FlowPipe.Tests.Unit.Parsing;

/// <summary>The framework, by way of a parser of lines.</summary>
public sealed class ParserTests
{
    private static readonly SessionSettings Stopping = new() { StopOnParserFault = true };

    [Fact]
    public async Task AConversationOfLines()
    {
        (GatheredRecord record, LinePlugin plugin, _) = await RunAsync(
            new Conversation()
                .Handshake()
                .Tcp(1, true, Psh | Ack, 1001, 5001, "LINE one\ntw")
                .Tcp(2, false, Psh | Ack, 5001, 1012, "yes\n")
                .Tcp(3, true, Psh | Ack, 1012, 5005, "o\nreverse abc\n")
        );
        Assert.Equal("tcp line", record.Texts("protocols"));
        Assert.Equal("cba", record.Texts("tags"));
        Assert.Equal("""["LINE one","yes","two","reverse abc"]""", record.Custom("line.words"));
        Assert.Equal("4", record.Custom("line.count"));
        Assert.Equal(["Client LINE one\ntw", "Server yes\n", "Client o\nreverse abc\n", "Client  end", "Server  end"], plugin.Told);
    }

    [Fact]
    public async Task SegmentsInAnyOrderGiveTheSame()
    {
        (GatheredRecord record, LinePlugin plugin, _) = await RunAsync(
            new Conversation().Handshake().Tcp(1, true, Psh | Ack, 1006, 5001, "one\ntwo\n").Tcp(2, true, Psh | Ack, 1001, 5001, "LINE one")
        );
        Assert.Equal("""["LINE one","two"]""", record.Custom("line.words"));
        Assert.Equal(["Client LINE one", "Client \ntwo\n", "Client  end", "Server  end"], plugin.Told);
    }

    [Fact]
    public async Task DatagramsComeOneByOneAndHaveNoEnd()
    {
        (GatheredRecord record, LinePlugin plugin, _) = await RunAsync(
            new Conversation().Udp(1, true, "LINE a\n").Udp(2, false, "b\n").Udp(3, true, "c\n")
        );
        Assert.Equal(("udp line", "3"), (record.Texts("protocols"), record.Custom("line.count")));
        Assert.Equal(["Client LINE a\n", "Server b\n", "Client c\n"], plugin.Told);
    }

    [Fact]
    public async Task WhoUnregistersIsToldNothingMore()
    {
        (GatheredRecord record, LinePlugin plugin, _) = await RunAsync(
            new Conversation()
                .Handshake()
                .Tcp(1, true, Psh | Ack, 1001, 5001, "LINE\nquit\nmore\n".Replace("LINE\n", "LINE \n", StringComparison.Ordinal))
                .Tcp(2, true, Psh | Ack, 1017, 5001, "even more\n")
        );
        Assert.Equal("""["LINE ","quit"]""", record.Custom("line.words"));
        Assert.Single(plugin.Told);
        // It left before the record was made.
        Assert.Equal("", record.Custom("line.count"));
    }

    [Fact]
    public async Task WhatAParserKeepsIsBounded()
    {
        (GatheredRecord record, LinePlugin plugin, _) = await RunAsync(
            new Conversation()
                .Handshake()
                .Tcp(1, true, Psh | Ack, 1001, 5001, "LINE " + new string('x', 50))
                .Tcp(2, true, Psh | Ack, 1056, 5001, new string('x', 50))
                .Tcp(3, true, Psh | Ack, 1106, 5001, "\n")
        );
        Assert.Equal("line-too-long", record.Texts("tags"));
        Assert.Equal(2, plugin.Told.Count);
    }

    [Fact]
    public async Task AGapIsTheParsersToHandle()
    {
        (_, LinePlugin plugin, _) = await RunAsync(
            new Conversation()
                .Handshake()
                .Tcp(1, true, Psh | Ack, 1001, 5001, "LINE a\n")
                .Tcp(2, true, Psh | Ack, 1010, 5001, "b\n")
                .Tcp(3, true, Psh | Ack, 1014, 5001, "c\n")
        );
        Assert.Equal(["Client LINE a\n", "Client b\n gap 2", "Client c\n gap 2", "Client  end", "Server  end"], plugin.Told);
    }

    [Fact]
    public async Task LinkedRecordsEachGetWhatIsKnownByThen()
    {
        Conversation conversation = new Conversation().Handshake();
        for (uint i = 0; i < 5; i++)
            conversation.Tcp(1 + i, true, Psh | Ack, 1001 + (7 * i), 5001, i == 0 ? "LINE 0\n" : $"line {i}\n");
        var plugin = new LinePlugin();
        var sink = new GatheringSink();
        using var run = new SessionRun(
            new MemoryReader(new MemorySource(conversation.Packets)),
            sink,
            Stopping with
            {
                MaxPackets = 5,
            },
            plugins: [plugin]
        );
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal(["2", "5"], sink.Records.Select(record => record.Custom("line.count")));
        Assert.Equal([false, true], sink.Records.Select(record => record.Final));
    }

    [Fact]
    public async Task AProtocolInsideAnotherIsClassifiedAnew()
    {
        (GatheredRecord record, LinePlugin plugin, _) = await RunAsync(
            new Conversation()
                .Handshake()
                .Tcp(1, true, Psh | Ack, 1001, 5001, "LINE a\nswitch\nS other protocol\n")
                .Tcp(2, false, Psh | Ack, 5001, 1032, "SD its answer\n")
                .Tcp(3, true, Psh | Ack, 1032, 5015, "xxff not the first\n")
        );
        Assert.Equal("tcp line single double", record.Texts("protocols"));
        Assert.Equal(["Client LINE a\nswitch\nS other protocol\n"], plugin.Told);
    }

    [Fact]
    public async Task AProtocolInsideItselfGetsAParserOfItsOwn()
    {
        (GatheredRecord record, LinePlugin plugin, _) = await RunAsync(
            new Conversation()
                .Handshake()
                .Tcp(1, true, Psh | Ack, 1001, 5001, "LINE a\nswitch\nLINE b\nc")
                .Tcp(2, true, Psh | Ack, 1023, 5001, "d\n")
        );
        Assert.Equal("""["LINE a","switch","LINE b","cd"]""", record.Custom("line.words"));
        Assert.Equal(["Client LINE a\nswitch\nLINE b\nc", "Client LINE b\nc", "Client d\n", "Client  end", "Server  end"], plugin.Told);
        Assert.Equal("2", record.Custom("line.count"));
    }

    [Fact]
    public async Task ProtocolsInsideProtocolsHaveAnEnd()
    {
        string many = string.Concat(Enumerable.Repeat("LINE a\nswitch\n", 20));
        (GatheredRecord record, LinePlugin plugin, _) = await RunAsync(
            new Conversation().Handshake().Tcp(1, true, Psh | Ack, 1001, 5001, many).Tcp(2, true, Psh | Ack, 1281, 5001, "LINE b\n")
        );
        Assert.Equal("tcp line", record.Texts("protocols"));
        Assert.InRange(plugin.Told.Count, 2, 19);
    }

    [Fact]
    public async Task AnErrorOfAParserCostsItsSessionThatParser()
    {
        var said = new List<string>();
        Conversation conversation = new Conversation()
            .Handshake()
            .Tcp(1, true, Psh | Ack, 1001, 5001, "LINE a\nbug\n")
            .Tcp(2, true, Psh | Ack, 1012, 5001, "more\n");
        Conversation other = new Conversation(client: "10.0.0.9").Handshake().Tcp(1, true, Psh | Ack, 1001, 5001, "LINE b\nbug\n");
        var plugin = new LinePlugin();
        var sink = new GatheringSink();
        using var run = new SessionRun(
            new MemoryReader(new MemorySource([.. conversation.Packets, .. other.Packets])),
            sink,
            new SessionSettings(),
            plugins: [plugin],
            warn: said.Add
        );
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal(2, run.Counts.PluginFaults);
        Assert.All(sink.Records, record => Assert.Equal("parser-fault:line", record.Texts("tags")));
        Assert.Contains("parser line", Assert.Single(said), StringComparison.Ordinal);
        Assert.Equal(2, plugin.Told.Count);
    }

    [Fact]
    public async Task AnErrorOfAParserEndsTheRunWhereThatIsAskedFor()
    {
        Conversation conversation = new Conversation().Handshake().Tcp(1, true, Psh | Ack, 1001, 5001, "LINE a\nbug\n");
        using var run = new SessionRun(
            new MemoryReader(new MemorySource(conversation.Packets)),
            new GatheringSink(),
            Stopping,
            plugins: [new LinePlugin()]
        );
        Exception fault = await Assert.ThrowsAnyAsync<Exception>(() => run.RunAsync(TestContext.Current.CancellationToken));
        Assert.Contains("a bug of the line parser", fault.ToString(), StringComparison.Ordinal);
    }

    internal static async Task<(GatheredRecord Record, LinePlugin Plugin, SessionCounts Counts)> RunAsync(Conversation conversation)
    {
        var plugin = new LinePlugin();
        var sink = new GatheringSink();
        var reader = new MemoryReader(new MemorySource(conversation.Packets));
        using var run = new SessionRun(reader, sink, Stopping, plugins: [plugin]);
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        return (Assert.Single(sink.Records), plugin, run.Counts);
    }
}
