using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.Parsers.MailHarness;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>SMTP, LMTP and the messages in them.</summary>
public sealed class SmtpTests
{
    private const string Hello = "C: EHLO Mail.Example.com\r\n";
    private const string Message =
        "C: Received: from Relay.example.net (relay [192.0.2.7]) by mx.example.org with ESMTP; Mon, 5 Oct 2009\r\n"
        + "From: \"Doe, Jane\" <Jane@Example.com>\r\n"
        + "To: bob@example.org,\r\n\tCarol <carol@example.org>\r\n"
        + "Subject: =?utf-8?Q?caf=C3=A9?=\r\n =?iso-8859-1?B?IOk=?= plain\r\n"
        + "Message-ID: <1@example.com>\r\n"
        + "X-Mailer: Pen 1.0\r\n"
        + "MIME-Version: 1.0\r\n"
        + "Content-Type: multipart/mixed; boundary=\"b1\"\r\n"
        + "\r\n"
        + "preamble\r\n"
        + "--b1\r\n"
        + "Content-Type: application/zip\r\n"
        + "Content-Transfer-Encoding: base64\r\n"
        + "Content-Disposition: attachment; filename=\"a.zip\"\r\n"
        + "\r\n"
        + "UEsDBAoAAA\r\nAAAA==\r\n"
        + "--b1\r\n"
        + "Content-Type: text/plain; name=x\r\n"
        + "Content-Transfer-Encoding: quoted-printable\r\n"
        + "\r\n"
        + "..dot =3D soft=\r\n line\r\n"
        + "--b1--\r\n"
        + ".\r\n";

    private static readonly string[] Delivery =
    [
        "220 mx.example.org ESMTP\r\n",
        Hello,
        "250-mx.example.org\r\n250 PIPELINING\r\n",
        "C: MAIL FROM:<Jane@Example.com> SIZE=5\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n",
        "250 OK\r\n250 OK\r\n354 go on\r\n",
        Message,
        "250 2.0.0 accepted\r\n",
        "C: QUIT\r\n",
    ];

    [Fact]
    public async Task ADeliveryWithAttachments()
    {
        GatheredRecord record = await TellAsync(25, Delivery);
        Assert.Equal("tcp smtp", record.Texts("protocols"));
        Assert.Equal("smtp:statuscode:250", record.Texts("tags"));
        Assert.Equal("mail.example.com", record.Texts("email.smtp-hello"));
        Assert.Equal("jane@example.com", record.Texts("email.src"));
        Assert.Equal("bob@example.org carol@example.org", record.Texts("email.dst"));
        Assert.Equal("café é plain", record.Text("email.subject"));
        Assert.Equal("1@example.com", record.Text("email.message-id"));
        Assert.Equal("relay.example.net mx.example.org", record.Texts("host.email"));
        Assert.Equal("192.0.2.7", record.Ip("ip.email"));
        Assert.Equal("Pen 1.0", record.Text("email.x-mailer"));
        Assert.Equal("a.zip", record.Texts("email.fn"));
        Assert.Equal("application/zip text/plain", record.Texts("email.file-content-type"));
        Assert.Equal($"{Md5([0x50, 0x4B, 3, 4, 10, 0, 0, 0, 0, 0])} {Md5(".dot = soft line\r\n"u8)}", record.Texts("email.md5"));
        Assert.StartsWith("application/zip", record.Texts("email.bodymagic"), StringComparison.Ordinal);
        Assert.Equal("received from to subject message-id x-mailer mime-version content-type", record.Texts("email.has-header"));
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public void SegmentsDoNotMatter(string quirks) =>
        AssertSturdy(
            Delivery,
            ("arkimeQuirks", quirks),
            ("supportSha256", "true"),
            ("parseSMTPHeaderAll", "true"),
            ("smtpIpHeaders", "X-Originating-IP:")
        );

    [Fact]
    public void HeadersBySetting()
    {
        ParserSession session = Session(
            [
                "220 ESMTP\r\n",
                Hello,
                "C: DATA\r\n",
                "354\r\n",
                "C: Date: today\r\nX-Originating-IP: [IPv6:2001:db8::1]\r\nX-Other-IP: 192.0.2.1\r\nReply-To:\r\nX-Bad-IP: [none]\r\nReply-To:\r\n\r\n.\r\n",
            ],
            ("parseSMTPHeaderAll", "true"),
            ("smtpIpHeaders", "X-Originating-IP: X-Other-IP X-Bad-IP")
        );
        Assert.Equal("2001:db8::1 192.0.2.1", session.Texts("ip.email"));
        Assert.Equal("date reply-to reply-to", session.Texts("email.has-header.name"));
        Assert.Equal("today  ", session.Texts("email.has-header.value"));
        Assert.Equal("date x-originating-ip x-other-ip reply-to x-bad-ip", session.Texts("email.has-header"));
    }

    [Theory]
    [InlineData("supportMd5", "email.md5")]
    [InlineData("supportSha256", "email.sha256")]
    public void DigestsBySetting(string setting, string field)
    {
        Assert.NotEqual("", Session(Delivery, (setting, "true")).Texts(field));
        Assert.Equal("", Session(Delivery, (setting, "false")).Texts(field));
    }

    [Fact]
    public void AnAttachmentWithAGapHasNoDigest()
    {
        var session = new ParserSession([new FlowPipe.Parsers.SmtpPlugin()]);
        session.Server("220 ESMTP\r\n").Client("EHLO a\r\nDATA\r\nContent-Type: multipart/mixed; boundary=b; x=y\r\n\r\n--b\r\n");
        session.Client("Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n");
        session.Send(
            FlowPipe.Abstractions.Side.Client,
            "AA\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n"u8,
            gapBefore: 8
        );
        session.Client(".\r\nMAIL FROM:<a@b>\r\n").End();
        Assert.Equal(Md5([0, 0, 0]), session.Texts("email.md5"));
        Assert.Equal("a@b", session.Texts("email.src"));
    }

    [Theory]
    [InlineData(3, "a@b")]
    [InlineData(20, "")]
    public void AChunkWithAGapEndsWhereItWouldHave(int gap, string sender)
    {
        var session = new ParserSession([new FlowPipe.Parsers.SmtpPlugin()]);
        session.Server("220 ESMTP\r\n").Client("EHLO a\r\nBDAT 10 LAST\r\nabc");
        session.Send(FlowPipe.Abstractions.Side.Client, "defgMAIL FROM:<a@b>\r\nRCPT"u8, gapBefore: gap);
        Assert.Equal(sender, session.End().Texts("email.src"));
    }

    [Theory]
    [InlineData("AUTH PLAIN {0}\r\n", "\0Jane\0secret", "smtp:authplain")]
    [InlineData("AUTH PLAIN\r\n{0}\r\n", "other\0Jane\0secret", "smtp:authplain")]
    [InlineData("AUTH LOGIN {0}\r\n", "Jane", "smtp:authlogin")]
    [InlineData("auth login\r\n{0}\r\n", "Jane", "smtp:authlogin")]
    public async Task WhoLogsIn(string command, string response, string tag)
    {
        command = string.Format(System.Globalization.CultureInfo.InvariantCulture, command, Base64(response));
        string[] turns = [.. command.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(static line => $"C: {line}\r\n")];
        GatheredRecord record = await TellAsync(25, ["220 ESMTP\r\n", Hello, .. turns, "235 welcome\r\n", "C: MAIL FROM:<a@b>\r\n"]);
        Assert.Equal(("jane", tag), (record.Texts("user"), record.Texts("tags")));
    }

    [Fact]
    public async Task ThePasswordIsNoCommand()
    {
        GatheredRecord record = await TellAsync(
            25,
            "220 ESMTP\r\n",
            Hello,
            $"C: AUTH LOGIN\r\n{Base64("Jane")}\r\n",
            "C: MAIL FROM:<no@example.com>\r\n",
            "235 welcome\r\n",
            "C: MAIL FROM:<yes@example.com>\r\n"
        );
        Assert.Equal("yes@example.com", record.Texts("email.src"));
    }

    [Fact]
    public async Task MechanismsThatOnlyBeginAlikeAreOthers()
    {
        GatheredRecord record = await TellAsync(25, "220 ESMTP\r\n", Hello, $"C: AUTH PLAIN-X {Base64("\0a\0b")}\r\n");
        Assert.Equal(("", ""), (record.Texts("user"), record.Texts("tags")));
    }

    [Fact]
    public async Task ChunksCutLinesAnywhere()
    {
        const string First = "From: <c@d>\r\nSub";
        const string Second = "ject: one\r\n two\r\n\r\nBDAT 5\r\nbody";
        string[] said =
        [
            "220 ESMTP\r\n",
            Hello,
            "C: MAIL FROM:<a@b>\r\nRCPT TO:<x@y>\r\n",
            $"C: BDAT {First.Length}\r\n{First}BDAT {Second.Length} LAST\r\n{Second}MAIL FROM:<e@f>\r\nBDAT 14 LAST\r\nSubject: next\r",
            "250 OK\r\n",
            "C: QUIT\r\n",
        ];
        GatheredRecord record = await TellAsync(25, said);
        Assert.Equal("one two", record.Text("email.subject"));
        Assert.Equal("a@b c@d e@f", record.Texts("email.src"));
        Assert.Equal("", record.Texts("tags"));
        AssertSturdy(said);
    }

    [Theory]
    [InlineData("220 go ahead\r\n", "tcp smtp tls")]
    [InlineData("454 not now\r\n", "tcp smtp")]
    public async Task TlsBeginsWhereItIsAgreedOn(string reply, string protocols)
    {
        GatheredRecord record = await TellAsync(
            25,
            "220 ESMTP\r\n",
            Hello,
            "250 STARTTLS\r\n",
            "C: STARTTLS\r\n",
            reply,
            "C: \u0016\u0003\u0001\0\u0005hello"
        );
        Assert.Equal((protocols, "smtp:starttls"), (record.Texts("protocols"), record.Texts("tags")));
    }

    [Fact]
    public async Task TextGoesOnWhereTlsWasTakenOff()
    {
        string[] said =
        [
            "220 ESMTP\r\n",
            Hello,
            "C: STARTTLS\r\n",
            "220 go ahead\r\n",
            "C: EHLO again\r\n",
            "250 OK\r\n",
            "C: MAIL FROM:<a@b>\r\n",
        ];
        Assert.Equal("a@b", (await TellAsync(25, said)).Texts("email.src"));
        AssertSturdy(said);
    }

    [Fact]
    public async Task LmtpIsTheSameButForItsHello()
    {
        GatheredRecord record = await TellAsync(24, "220 mx LMTP\r\n", "C: LHLO me\r\nMAIL FROM:<a@b>\r\n", "250 OK\r\n");
        Assert.Equal(("tcp lmtp", "me", "a@b"), (record.Texts("protocols"), record.Texts("email.smtp-hello"), record.Texts("email.src")));
    }

    [Fact]
    public async Task LinesHaveALimit()
    {
        GatheredRecord record = await TellAsync(25, "220 ESMTP\r\n", Hello, "C: " + new string('x', 20_000) + "\r\nMAIL FROM:<a@b>\r\n");
        Assert.Equal(("smtp:line-too-long", ""), (record.Texts("tags"), record.Texts("email.src")));
    }

    [Fact]
    public async Task HeadersHaveALimit()
    {
        string folded = string.Concat(Enumerable.Repeat(" " + new string('x', 900) + "\r\n", 20));
        GatheredRecord record = await TellAsync(
            25,
            "220 ESMTP\r\n",
            Hello,
            "C: DATA\r\n",
            "354\r\n",
            "C: Subject: a\r\n" + folded + "X: y\r\n"
        );
        Assert.Equal("smtp:line-too-long", record.Texts("tags"));
    }

    [Theory]
    [InlineData("=?windows-1252?Q?It=92s?= =?windows-1252?q?_me?=", "It’s me")]
    [InlineData("=?koi8-r?B?8NLJ18XU?=", "Привет")]
    [InlineData("=?utf-8?B?w6k=?= and =?utf-8?Q?=C3=A9?=", "é and é")]
    [InlineData("=?utf-8?Q??= x", " x")]
    [InlineData("=?nobody-knows?Q?a?=", "=?nobody-knows?Q?a?=")]
    [InlineData("=?utf-8?X?a?=", "=?utf-8?X?a?=")]
    [InlineData("=?utf-8?Q?a", "=?utf-8?Q?a")]
    [InlineData("=?", "=?")]
    [InlineData("=?utf-8?", "=?utf-8?")]
    public async Task Subjects(string encoded, string decoded)
    {
        GatheredRecord record = await TellAsync(
            25,
            "220 ESMTP\r\n",
            Hello,
            "C: DATA\r\n",
            "354\r\n",
            $"C: Subject: {encoded}\r\n\r\n.\r\n"
        );
        Assert.Equal(decoded, record.Text("email.subject"));
    }

    [Fact]
    public async Task ASubjectWithoutItsSpaceIsTagged()
    {
        GatheredRecord record = await TellAsync(
            25,
            "220 ESMTP\r\n",
            Hello,
            "C: DATA\r\n",
            "354\r\n",
            "C: Subject:x\r\n\r\n.\r\n",
            "250\r\n"
        );
        Assert.Equal(("x", "smtp:missing-subject-space smtp:statuscode:250"), (record.Text("email.subject"), record.Texts("tags")));
    }

    private static string Md5(ReadOnlySpan<byte> bytes) =>
#pragma warning disable CA5351 // what mail is compared by, not a secret
        Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(bytes));
#pragma warning restore CA5351
}
