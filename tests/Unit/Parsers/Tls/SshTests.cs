using System.Text;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Parsers.Tls;

/// <summary>SSH (RFC 4253), in bytes made by the specification.</summary>
public sealed class SshTests
{
    // MD5 of "k;e;m;c" and of "k;E;M;C"
    private const string Hassh = "2e94515022e0d8419fc0c8f486db24b0";
    private const string HasshServer = "46659f256741880e57ee82df9918edcb";

    [Fact]
    public async Task AKeyExchange()
    {
        GatheredRecord record = await Session().TcpAsync();
        Assert.Equal("tcp ssh", record.Texts("protocols"));
        Assert.Equal("ssh-2.0-client ssh-2.0-openssh_9.6 some", record.Texts("ssh.ver"));
        Assert.Equal(Hassh, record.Texts("ssh.hassh"));
        Assert.Equal(HasshServer, record.Texts("ssh.hasshServer"));
        Assert.Equal(Convert.ToBase64String(HostKey), record.Texts("ssh.key"));
    }

    [Fact]
    public async Task SegmentsOfOneByte()
    {
        GatheredRecord whole = await Session().TcpAsync();
        GatheredRecord split = await Session().TcpAsync(segment: 1);
        foreach (string field in (string[])["ssh.ver", "ssh.hassh", "ssh.hasshServer", "ssh.key"])
            Assert.Equal(whole.Texts(field), split.Texts(field));
    }

    /// <summary>Type 31 brings a prime in a group exchange; 33 is its reply, of which Arkime too takes the key.</summary>
    [Theory]
    [InlineData(31, "true", true)]
    [InlineData(31, "false", false)]
    [InlineData(33, "false", true)]
    public async Task HostKeys(byte type, string all, bool taken)
    {
        Exchange exchange = new Exchange()
            .Client("SSH-2.0-a\r\n"u8.ToArray())
            .Server([.. "SSH-2.0-b\r\n"u8, .. Packet(31, Text("\0\xFF\xFF\xFF\xFF")), .. Packet(type, Bytes(HostKey))]);
        exchange.Settings["sshAllKeys"] = all;
        GatheredRecord record = await exchange.TcpAsync();
        Assert.Equal(taken ? Convert.ToBase64String(HostKey) : "", record.Texts("ssh.key"));
    }

    [Fact]
    public async Task VersionOne()
    {
        GatheredRecord record = await new Exchange()
            .Server([.. "SSH-1.5-old\n"u8, .. Packet(20, KeyExchange())])
            .Client("SSH-1.5-too\n"u8.ToArray())
            .TcpAsync();
        Assert.Equal("ssh-1.5-old ssh-1.5-too", record.Texts("ssh.ver"));
        Assert.Equal("", record.Texts("ssh.hasshServer"));
    }

    [Theory]
    [InlineData(60, "ssh-reverse-shell")]
    [InlineData(40, "")]
    public async Task ReverseShells(int length, string tag)
    {
        Exchange exchange = Session();
        for (int i = 0; i < 20; i++)
            exchange.Client(new byte[length]).Server(new byte[length]);
        GatheredRecord record = await exchange.TcpAsync();
        Assert.Equal(tag, record.Texts("tags"));
    }

    [Fact]
    public async Task CutOffOrWrongAnywhere()
    {
        byte[] stream = [.. "SSH-2.0-b\r\n"u8, .. Packet(20, KeyExchange()), .. Packet(33, Bytes(HostKey))];
        for (int at = 3; at < stream.Length; at++)
        {
            GatheredRecord cut = await new Exchange().Server(stream[..at]).TcpAsync();
            Assert.Contains("ssh", cut.Texts("protocols"), StringComparison.Ordinal);
            byte[] wrong = [.. stream];
            wrong[at] ^= 0xFF;
            GatheredRecord changed = await new Exchange().Server(wrong).TcpAsync();
            Assert.Contains("ssh", changed.Texts("protocols"), StringComparison.Ordinal);
        }
    }

    private static byte[] HostKey => [.. Text("ssh-ed25519"), .. Bytes(new byte[32])];

    private static Exchange Session() =>
        new Exchange()
            .Client([.. "SSH-2.0-client\r\n"u8, .. Packet(20, KeyExchange())])
            .Server([.. "SSH-2.0-OpenSSH_9.6 some\r\n"u8, .. Packet(20, KeyExchange())])
            .Client(Packet(30, Bytes(new byte[32])))
            .Server([.. Packet(31, Bytes(HostKey)), .. Packet(21, []), .. new byte[64]])
            .Client([.. Packet(21, []), .. new byte[64]]);

    /// <summary>Key exchange, host key, ciphers, authentication, compression, languages; small letters from the client, capitals from the server.</summary>
    private static byte[] KeyExchange() =>
        [
            .. new byte[16],
            .. Text("k"),
            .. Text("h"),
            .. Text("e"),
            .. Text("E"),
            .. Text("m"),
            .. Text("M"),
            .. Text("c"),
            .. Text("C"),
            .. Text(""),
            .. Text(""),
            .. new byte[5],
        ];

    private static byte[] Packet(byte type, byte[] body) =>
        [0, 0, (byte)((body.Length + 6) >> 8), (byte)(body.Length + 6), 4, type, .. body, 0, 0, 0, 0];

    private static byte[] Text(string text) => Bytes(Encoding.Latin1.GetBytes(text));

    private static byte[] Bytes(byte[] bytes) => [0, 0, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
}
