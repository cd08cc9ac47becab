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
    public static async Task<GatheredRecord> TellAsync(int port, params string[] said)
    {
        Conversation conversation = new Conversation(serverPort: port).Handshake();
        (uint client, uint server, double at) = (1001, 5001, 1);
        foreach (string turn in said)
        {
            bool fromClient = turn.StartsWith("C: ", StringComparison.Ordinal);
            string text = fromClient ? turn[3..] : turn;
            conversation.Tcp(at++, fromClient, Psh | Ack, fromClient ? client : server, fromClient ? server : client, text);
            if (fromClient)
                client += (uint)text.Length;
            else
                server += (uint)text.Length;
        }
        var sink = new GatheringSink();
        var reader = new MemoryReader(new MemorySource(conversation.Packets));
        using var run = new SessionRun(reader, sink, Stopping, plugins: Plugins());
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal(0, run.Counts.PluginFaults);
        return Assert.Single(sink.Records);
    }

    /// <summary>Segments of one byte after each side's first, which classifiers see, give the same record; as many beginnings are no error.</summary>
    public static void AssertSturdy(string[] said, params (string Name, string Value)[] settings)
    {
        var session = new ParserSession(Plugins(), settings);
        string whole = Give(session, said, int.MaxValue, int.MaxValue);
        foreach (int size in (int[])[1, 2, 3, 7, 50])
            Assert.Equal(whole, Give(session, said, size, int.MaxValue));
        int total = said.Sum(static turn => turn.Length);
        for (int end = 0; end < total; end++)
            Give(session, said, int.MaxValue, end);
        Assert.Equal(whole, Give(session, said, int.MaxValue, int.MaxValue));
    }

    /// <summary>What parsers record of a conversation, with other settings than the usual ones.</summary>
    public static ParserSession Session(string[] said, params (string Name, string Value)[] settings)
    {
        var session = new ParserSession(Plugins(), settings);
        foreach (string turn in said)
            session.Send(SideOf(turn), BytesOf(turn));
        return session.End();
    }

    private static string Give(ParserSession session, string[] said, int size, int end)
    {
        bool[] spoke = [false, false];
        foreach (string turn in said)
        {
            Side side = SideOf(turn);
            ReadOnlySpan<byte> bytes = BytesOf(turn);
            bytes = bytes[..Math.Min(bytes.Length, end)];
            end -= bytes.Length;
            int piece = spoke[(int)side] ? size : bytes.Length;
            spoke[(int)side] = true;
            for (int at = 0; at < bytes.Length; at += Math.Min(piece, bytes.Length - at))
                session.Send(side, bytes.Slice(at, Math.Min(piece, bytes.Length - at)));
        }
        string record = session.End().Record();
        session.Clear();
        return record;
    }

    private static Side SideOf(string turn) => turn.StartsWith("C: ", StringComparison.Ordinal) ? Side.Client : Side.Server;

    private static byte[] BytesOf(string turn) => Encoding.Latin1.GetBytes(SideOf(turn) == Side.Client ? turn[3..] : turn);

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
