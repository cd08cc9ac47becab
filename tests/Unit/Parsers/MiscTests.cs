using System.Text;
using System.Text.Json.Nodes;
using FlowPipe.Parsers.Misc;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>The table of protocols that are only named.</summary>
public sealed class MiscTests
{
    [Theory]
    [InlineData("bittorrent", true, 1, "\u0013BitTorrent protocol...")]
    [InlineData("bittorrent", false, 1, "d1:ad2:id20:")]
    [InlineData("redis", true, 6379, "*3\r\n$3\r\nSET")]
    [InlineData("syslog", false, 514, "<134>Nov 23 host app: text")]
    [InlineData("syslog", true, 514, "<1>x")]
    [InlineData("", false, 514, "<012>x")]
    [InlineData("", false, 514, "<1x>")]
    [InlineData("", false, 514, "<1")]
    [InlineData("vnc", true, 5900, "RFB 003.008\n")]
    [InlineData("jabber", true, 5222, "<?xml version='1.0'?><stream:stream xmlns='jabber:client'")]
    [InlineData("", true, 5222, "<?xml version='1.0'?><svg")]
    [InlineData("flap", true, 5190, "*\u0001\0\0\0\u0002ab")]
    [InlineData("flap", true, 5190, "*\u0001\0\0\0\u0002ab*")]
    [InlineData("", true, 5190, "*\u0001\0\0\0\u0002abc")]
    [InlineData("kafka", true, 9092, "\0\0\0\u0006\0\u0003\0\0\0\0")]
    [InlineData("", true, 9092, "\0\0\0\u0007\0\u0003\0\0\0\0")]
    [InlineData("thrift", true, 9090, "\0\0\0\u0014\u0080\u0001\0\u0001 01234567890123")]
    [InlineData("gh0st", true, 80, "Gh0st\u000F\0\0\0\u0010\0\0\0x\u009C")]
    [InlineData("gh0st", true, 80, "Gh0st\0\0\0\u000F\0\0\0\u0010x\u009C")]
    [InlineData("", true, 102, "\u0003\0\0\u0013\u000E\u00E0\0\0\0\0\0\u0001\0\u0008\0\0\0\0\0")]
    [InlineData("tacacs", true, 49, "\u00C0\u0001\u0001")]
    [InlineData("", true, 50, "\u00C0\u0001\u0001")]
    [InlineData("rip", false, 520, "\u0002\u0002\0\0")]
    [InlineData("", false, 501, "0123456789abcdef\u0021\u0020\u0022")]
    [InlineData("netflow", false, 2055, "\0\u0005\0\u00010000\u0065000123456789abcdef")]
    [InlineData("", false, 2055, "\0\u0005\0\0001000\u0065000123456789abcdef")]
    [InlineData("ipfix", false, 4739, "\0\n\0\u0014\u00650000123456789ab")]
    [InlineData("sflow", false, 6343, "\0\0\0\u0005\0\0\0\u000100000000000000000000")]
    [InlineData("", false, 1194, "8SESSION1\0\0\0\0\u0001")]
    [InlineData("ssdp", false, 1900, "M-SEARCH * HTTP/1.1\r\n")]
    [InlineData("ssdp", false, 40000, "HTTP/1.1 200 OK\r\nST: x\r\n")]
    [InlineData("", false, 40000, "HTTP/1.1 200 OK\r\nX: x\r\n")]
    [InlineData("memcached", false, 11211, "\0\u0001\0\0\0\u0001\0\0stats\r\n")]
    [InlineData("nfs", false, 2049, "\0\0\0\u0001\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00A3")]
    [InlineData("portmap", false, 111, "\0\0\0\u0001\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00A0")]
    [InlineData("dropbox-lan-sync", false, 17500, "{\"host_int\": 1}")]
    [InlineData("wudo", true, 7680, "\u000ESwarm protocol")]
    [InlineData("telnet", true, 23, "\u00FF\u00FD\u0003")]
    [InlineData("whois", true, 43, "example.com\r\n")]
    [InlineData("nbds", false, 138, "\u0011\u0002345678901234")]
    [InlineData("hdfs", true, 50010, "\0\u001CP01\n2345")]
    [InlineData("sccp", true, 2000, "\u0004\0\0\0\0\0\0\001234567890123")]
    [InlineData("safet", false, 23294, "ab\u0018012345678901234567890")]
    [InlineData("aruba-papi", false, 8211, "Ir012345678901234567")]
    [InlineData("ubiquiti-ubnt", false, 10001, "\u0001\0\0\0")]
    [InlineData("whatsapp", true, 5222, "ED\0\u0001")]
    [InlineData("whatsapp", true, 5222, "WA\u0005\u0002")]
    [InlineData("", true, 5222, "WAIT")]
    [InlineData("plex-gdm", false, 32414, "HELLO * HTTP/1.0\r\n")]
    [InlineData("", false, 32414, "\u0001\u0002\u0003\u0004")]
    public void FirstBytes(string expected, bool tcp, int port, string bytes)
    {
        JsonNode? protocols = Harness(tcp, 40000, port).Client(Encoding.Latin1.GetBytes(bytes)).Document()["protocol"];
        Assert.Equal(expected, string.Join(' ', protocols?.AsArray().Select(p => (string)p!) ?? []));
    }

    [Theory]
    [InlineData(1985, "\0\u0003x", "hsrp")]
    [InlineData(2029, "\u0001\u0028\u0002", "hsrpv2")]
    public void BetweenEqualPorts(int port, string bytes, string expected)
    {
        Assert.Equal($"""["{expected}"]""", Harness(false, port, port).Client(Encoding.Latin1.GetBytes(bytes)).Member("protocol"));
        Assert.Equal("", Harness(false, 40000, port).Client(Encoding.Latin1.GetBytes(bytes)).Member("protocol"));
    }

    [Theory]
    [InlineData(148, 1)]
    [InlineData(92, 2)]
    public void WireGuard(int length, byte type)
    {
        byte[] message = new byte[length];
        message[0] = type;
        Assert.Equal("""["wireguard"]""", Harness(false, 40000, 51820).Client(message).Member("protocol"));
        Assert.Equal("", Harness(false, 40000, 51820).Client(message[..^1]).Member("protocol"));
    }

    /// <summary>Every signature, cut off after each of its bytes: no check reads more than there is.</summary>
    [Fact]
    public void ShortFirstBytes()
    {
        foreach (Signature signature in Signatures.ByPrefix)
        {
            byte[] bytes = [.. new byte[signature.Offset], .. Encoding.Latin1.GetBytes(signature.Bytes), .. new byte[40]];
            for (int length = 0; length <= bytes.Length; length++)
            {
                Harness(true, 40000, 49).Client(bytes[..length]).Document();
                Harness(false, 520, 53).Client(bytes[..length]).Document();
            }
        }
        foreach (PortSignature signature in Signatures.ByPort)
        {
            for (int length = 0; length < 24; length++)
            {
                byte[] bytes = new byte[length];
                Array.Fill(bytes, (byte)length);
                Harness(signature.Type == Abstractions.SessionType.Tcp, signature.Port, signature.Port).Client(bytes).Document();
            }
        }
    }

    private static MessageHarness Harness(bool tcp, int source, int destination) => new(tcp, source, destination, [new MiscPlugin()]);
}
