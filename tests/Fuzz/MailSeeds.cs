namespace FlowPipe.Tests.Fuzz;

/// <summary>Conversations of mail and files. A side that begins with nothing lets the server speak first.</summary>
internal static class MailSeeds
{
    private static readonly byte[] Nothing = [];

    public static IEnumerable<byte[]> Smtp =>
        [
            ParserTarget.Seed(
                Nothing,
                "220 mx ESMTP\r\n"u8.ToArray(),
                "EHLO a\r\nAUTH PLAIN AGEAYg==\r\nAUTH LOGIN\r\nYQ==\r\nYg==\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"u8.ToArray(),
                "250 a\r\n354 b\r\n"u8.ToArray(),
                "Received: from a (b [192.0.2.1]) by c; d\r\nFrom: \"a, b\" <a@b>\r\nTo: c@d,\r\n\te@f\r\nSubject: =?utf-8?Q?=C3=A9?= =?koi8-r?B?8NLJ?=\r\nX-Originating-IP: [::1]\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"=?iso-2022-jp?B?GyRCJCIbKEI=?=\"\r\n\r\nUEsDBAoAAA==\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc\r\n--b--\r\n.\r\n"u8.ToArray(),
                "250 c\r\n"u8.ToArray(),
                "AUTH NTLM TlRMTVNTUAABAAAA\r\nSTARTTLS\r\n"u8.ToArray(),
                "334 TlRMTVNTUAACAAAA\r\n220 d\r\n"u8.ToArray(),
                [0x16, 3, 1, 0, 1, 0]
            ),
            ParserTarget.Seed(
                "LHLO a\r\nBDAT 20\r\nFrom: a@b\r\nSubject:BDAT 9 LAST\r\n x\r\n\r\nabcMAIL FROM:<>\r\n"u8.ToArray(),
                "250 a\r\n"u8.ToArray(),
                "BDAT 0 LAST\r\nSTARTTLS\r\n"u8.ToArray(),
                "220 b\r\n"u8.ToArray(),
                "EHLO c\r\n"u8.ToArray()
            ),
        ];

    public static IEnumerable<byte[]> Imap =>
        [
            ParserTarget.Seed(
                Nothing,
                "* OK IMAP4rev1\r\n"u8.ToArray(),
                "a SELECT \"b\"\r\nc AUTHENTICATE NTLM TlRMTVNTUAABAAAA\r\nd STARTTLS\r\n"u8.ToArray(),
                "* 1 FETCH (BODY[HEADER] {9}\r\nFrom: a@b\r\nTo: c@d,\r\n e@f\r\nSubject: =?utf-8?Q?a?=\r\n\r\n)\r\nd OK\r\n"u8.ToArray(),
                [0x16, 3, 1, 0, 1, 0]
            ),
        ];

    public static IEnumerable<byte[]> Pop3 =>
        [
            ParserTarget.Seed(
                Nothing,
                "+OK POP3\r\n"u8.ToArray(),
                "CAPA\r\nAUTH NTLM\r\nTlRMTVNTUAABAAAA\r\nSTLS\r\n"u8.ToArray(),
                "+ TlRMTVNTUAACAAAA\r\n+OK\r\n"u8.ToArray(),
                "USER a\r\n"u8.ToArray()
            ),
        ];

    public static IEnumerable<byte[]> Ftp =>
        [
            ParserTarget.Seed(
                Nothing,
                "220-a\r\n220 b\r\n"u8.ToArray(),
                "USER a\r\nPASS b\r\nRETR c\r\nAUTH TLS\r\n"u8.ToArray(),
                "331 a\r\n234 b\r\n"u8.ToArray(),
                [0x16, 3, 1, 0, 1, 0, 0x15, 3, 1, 0, 1, 0, .. "STOR a\r\n"u8],
                [0x16, 3, 1, 0, 1, 0, .. "150 a\r\n"u8]
            ),
        ];
}
