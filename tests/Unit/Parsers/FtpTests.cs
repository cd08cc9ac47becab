using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.Parsers.MailHarness;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>FTP's control connection.</summary>
public sealed class FtpTests
{
    private static readonly string[] Download =
    [
        "220-Welcome \r\n220 ready\r\n",
        "C: user Anonymous\r\n",
        "331 password\r\n",
        "C: PASS a@b\r\n",
        "230 in\r\n",
        "C: CWD pub\r\nRETR Some File.txt\r\n",
        "250 OK\r\n150 here\r\n226 done\r\n",
        "C: A1 x\r\nQUIT\r\n",
        "221 bye\r\n",
    ];

    [Fact]
    public async Task ADownload()
    {
        GatheredRecord record = await TellAsync(21, Download);
        Assert.Equal("tcp ftp", record.Texts("protocols"));
        Assert.Equal("Welcome", record.Texts("ftp.banner"));
        Assert.Equal("anonymous", record.Texts("user"));
        Assert.Equal("USER PASS CWD RETR QUIT", record.Texts("ftp.command"));
        Assert.Equal("Some File.txt", record.Texts("ftp.filename"));
        Assert.Equal("220 331 230 250 150 226 221", record.Longs("ftp.responseCode"));
        Assert.Equal("ftp:password", record.Texts("tags"));
    }

    [Fact]
    public void SegmentsDoNotMatter() => AssertSturdy(Download);

    [Fact]
    public async Task AGreetingAloneIsEnough()
    {
        GatheredRecord record = await TellAsync(21, "220 ready\r\n");
        Assert.Equal(("tcp ftp", "ready"), (record.Texts("protocols"), record.Texts("ftp.banner")));
    }

    [Fact]
    public async Task MailThatDoesNotSayItsNameIsNoFtp()
    {
        GatheredRecord record = await TellAsync(25, "220 ready\r\n", "C: EHLO me\r\n", "250 OK\r\n");
        Assert.Equal(("tcp smtp", "", ""), (record.Texts("protocols"), record.Texts("ftp.banner"), record.Longs("ftp.responseCode")));
    }

    [Fact]
    public async Task TextAfterTlsIsFtpAgain()
    {
        const string Record = "\u0016\u0003\u0001\0\u0005hello";
        string[] said =
        [
            "220 ready\r\n",
            "C: AUTH TLS\r\n",
            "234 begin\r\n",
            "C: " + Record + Record,
            Record,
            "C: \u0015\u0003\u0001\0\u0002ab" + "STOR f\r\n",
            Record + "150 here\r\n",
        ];
        GatheredRecord record = await TellAsync(21, said);
        Assert.Equal("tcp ftp tls", record.Texts("protocols"));
        Assert.Equal(
            ("AUTH STOR", "f", "220 234 150"),
            (record.Texts("ftp.command"), record.Texts("ftp.filename"), record.Longs("ftp.responseCode"))
        );
    }

    [Fact]
    public async Task WhatFollowsTlsAndIsNeitherIsLeftAlone()
    {
        GatheredRecord record = await TellAsync(
            21,
            "220 ready\r\n",
            "C: AUTH TLS\r\n",
            "234 begin\r\n",
            "C: \u0016\u0003\u0001\0\u0005hello\u0001\u0002\u0003\u0004\u0005\u0006\u0007",
            "C: STOR f\r\n"
        );
        Assert.Equal("AUTH", record.Texts("ftp.command"));
    }

    [Fact]
    public async Task LinesHaveALimit()
    {
        GatheredRecord record = await TellAsync(21, "220 ready\r\n", "C: " + new string('x', 5000), "C: \r\nNOOP\r\n");
        Assert.Equal("", record.Texts("ftp.command"));
    }
}
