using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.Conversation;

namespace FlowPipe.Tests.Unit.Parsing;

/// <summary>The framework, by way of a parser of lines.</summary>
public sealed class ParserTests
{
    [Fact]
    public async Task AConversationOfLines()
    {
        (GatheredRecord record, LinePlugin plugin) = await RunAsync(
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

    internal static async Task<(GatheredRecord Record, LinePlugin Plugin)> RunAsync(
        Conversation conversation,
        SessionSettings? settings = null
    )
    {
        var plugin = new LinePlugin();
        var sink = new GatheringSink();
        var reader = new MemoryReader(new MemorySource(conversation.Packets));
        using var run = new SessionRun(reader, sink, settings, plugins: [plugin]);
        await run.RunAsync();
        run.AssertBalanced();
        return (Assert.Single(sink.Records), plugin);
    }
}
