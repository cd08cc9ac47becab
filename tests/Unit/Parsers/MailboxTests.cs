using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.Parsers.MailHarness;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>IMAP and POP3.</summary>
public sealed class MailboxTests
{
    private const string Tls = "\u0016\u0003\u0001\0\u0005hello";

    private static readonly string[] Imap =
    [
        "* OK IMAP4rev1 ready\r\n",
        "C: a1 SELECT \"My Box\"\r\n",
        "a1 OK\r\n",
        "C: a2 EXAMINE INBOX\r\n",
        "a2 OK\r\n",
        "C: a3 FETCH 1 BODY[HEADER]\r\n",
        "* 1 FETCH (BODY[HEADER] {99}\r\nFrom: Jane <Jane@example.com>\r\nTo: a@b, c@d\r\nSubject: one\r\n two\r\n\r\nFrom: body\r\n)\r\na3 OK\r\n",
    ];

    [Fact]
    public async Task FoldersAndHeaders()
    {
        GatheredRecord record = await TellAsync(143, Imap);
        Assert.Equal("tcp imap", record.Texts("protocols"));
        Assert.Equal("My Box INBOX", record.Texts("email.folder"));
        Assert.Equal("jane@example.com", record.Texts("email.src"));
        Assert.Equal("a@b c@d", record.Texts("email.dst"));
        Assert.Equal("one two", record.Text("email.subject"));
    }

    [Fact]
    public void ImapSegmentsDoNotMatter()
    {
        AssertSturdy(Imap);
        AssertSturdy(Imap, ("arkimeQuirks", "true"));
    }

    [Theory]
    [InlineData("t1 OK go ahead\r\n", "tcp imap tls")]
    [InlineData("t1 NO not now\r\n", "tcp imap")]
    [InlineData("t11 OK other\r\n", "tcp imap")]
    public async Task ImapTls(string reply, string protocols)
    {
        GatheredRecord record = await TellAsync(143, "* OK IMAP4 ready\r\n", "C: t1 STARTTLS\r\n", reply, "C: " + Tls);
        Assert.Equal(protocols, record.Texts("protocols"));
    }

    [Theory]
    [InlineData("+OK POP3 ready\r\n", 1110, "tcp pop3")]
    [InlineData("+OK hello\r\n", 110, "tcp pop3")]
    [InlineData("+OK hello\r\n", 1110, "tcp")]
    public async Task Pop3IsToldByItsGreetingOrPort(string greeting, int port, string protocols)
    {
        string[] said = [greeting, "C: CAPA\r\n", "+OK\r\nUSER\r\n.\r\n", "C: USER  Jane \r\n", "+OK\r\n"];
        GatheredRecord record = await TellAsync(port, said);
        Assert.Equal((protocols, protocols == "tcp" ? "" : "jane"), (record.Texts("protocols"), record.Texts("user")));
        AssertSturdy(said);
    }

    [Fact]
    public async Task Pop3Tls()
    {
        GatheredRecord record = await TellAsync(110, "+OK POP3 ready\r\n", "C: STLS\r\n", "+OK begin\r\n", "C: " + Tls);
        Assert.Equal("tcp pop3 tls", record.Texts("protocols"));
    }

    [Fact]
    public async Task Pop3NtlmIsTagged()
    {
        string negotiate = Base64("NTLMSSP\0\u0001\0\0\0");
        GatheredRecord record = await TellAsync(110, "+OK POP3 ready\r\n", $"C: AUTH NTLM\r\n{negotiate}\r\n", $"+ {negotiate}\r\n");
        Assert.Equal("pop3:authntlm", record.Texts("tags"));
    }

    [Theory]
    [InlineData(143, "* OK IMAP4 ready\r\n", "imap:line-too-long")]
    [InlineData(110, "+OK POP3 ready\r\n", "pop3:line-too-long")]
    public async Task LinesHaveALimit(int port, string greeting, string tag)
    {
        GatheredRecord record = await TellAsync(port, greeting, "C: " + new string('x', 20_000));
        Assert.Equal(tag, record.Texts("tags"));
    }
}
