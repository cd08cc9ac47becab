using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Parsers;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.Conversation;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>What two hosts say to each other, one after the other, through the real topology with the parsers of mail and files.</summary>
internal static class MailHarness
{
    private static readonly SessionSettings Stopping = new() { StopOnParserFault = true };

    /// <summary>The record of a conversation; lines of the client begin with "C: ", others are the server's.</summary>
    public static Task<GatheredRecord> TellAsync(int port, params string[] said) => RunAsync(port, said, int.MaxValue, null);

    /// <summary>The same, each side's bytes cut into segments of so many bytes.</summary>
    public static async Task<GatheredRecord> RunAsync(int port, string[] said, int segment, SessionSettings? settings)
    {
        Conversation conversation = new Conversation(serverPort: port).Handshake();
        (uint client, uint server, double at) = (1001, 5001, 1);
        foreach (string turn in said)
        {
            bool fromClient = turn.StartsWith("C: ", StringComparison.Ordinal);
            string text = fromClient ? turn[3..] : turn;
            for (int from = 0; from < text.Length; from += segment, at += 0.001)
            {
                string piece = text.Substring(from, Math.Min(segment, text.Length - from));
                if (fromClient)
                    conversation.Tcp(at, true, Psh | Ack, client, server, piece);
                else
                    conversation.Tcp(at, false, Psh | Ack, server, client, piece);
                if (fromClient)
                    client += (uint)piece.Length;
                else
                    server += (uint)piece.Length;
                // So that nothing is cut off for want of an acknowledgement
                conversation.Tcp(at, !fromClient, Ack, fromClient ? server : client, fromClient ? client : server);
            }
        }
        var sink = new GatheringSink();
        var reader = new MemoryReader(new MemorySource(conversation.Packets));
        using var run = new SessionRun(reader, sink, settings ?? Stopping, plugins: Plugins());
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal(0, run.Counts.ParserFaults);
        return Assert.Single(sink.Records);
    }

    /// <summary>Segments of one byte give the same record, and no beginning of the conversation is an error.</summary>
    public static async Task AssertSegmentsDoNotMatterAsync(int port, string[] said, params string[] fields)
    {
        GatheredRecord whole = await TellAsync(port, said);
        // The first segment of each side is what classifiers see.
        var cut = new List<string>();
        bool clientSpoke = false;
        bool serverSpoke = false;
        foreach (string turn in said)
        {
            bool fromClient = turn.StartsWith("C: ", StringComparison.Ordinal);
            bool first = fromClient ? !clientSpoke : !serverSpoke;
            clientSpoke |= fromClient;
            serverSpoke |= !fromClient;
            string text = fromClient ? turn[3..] : turn;
            if (first)
                cut.Add(turn);
            else
            {
                foreach (char one in text)
                    cut.Add((fromClient ? "C: " : "") + one);
            }
        }
        GatheredRecord pieces = await TellAsync(port, [.. cut]);
        foreach (string field in (string[])["protocols", "tags", "user", .. fields])
            Assert.Equal((field, whole.Texts(field)), (field, pieces.Texts(field)));
    }

    /// <summary>The conversation ends anywhere.</summary>
    public static async Task AssertTruncationIsHarmlessAsync(int port, string[] said)
    {
        int total = said.Sum(static turn => turn.Length);
        for (int keep = 1; keep < total; keep += 1 + (total / 150))
        {
            var cut = new List<string>();
            int left = keep;
            foreach (string turn in said)
            {
                cut.Add(turn[..Math.Min(turn.Length, left)]);
                left -= cut[^1].Length;
                if (left == 0)
                    break;
            }
            await TellAsync(port, [.. cut]);
        }
    }

    public static string Base64(string text) => Convert.ToBase64String(Encoding.Latin1.GetBytes(text));

    private static IFlowPipePlugin[] Plugins() =>
        [new SmtpPlugin(), new ImapPlugin(), new Pop3Plugin(), new FtpPlugin(), new MagicPlugin(), new TlsMark()];

    /// <summary>Tells in the record where TLS would be parsed.</summary>
    private sealed class TlsMark : IFlowPipePlugin
    {
        public string Name => "tls-mark";

        public void Register(IRegistrar registrar) => registrar.Tcp("tls", 0, [0x16, 3]);
    }
}
