using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Parsers;
using FlowPipe.Parsers.Dns;
using FlowPipe.Parsers.Misc;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Fuzz;

/// <summary>
/// Bytes taken for what one session of a protocol of names, time or management says, over UDP and over TCP: the first byte says how the rest
/// is cut into pieces. No exception, nothing kept after the end.
/// </summary>
internal sealed class MessageTarget
{
    private static readonly CoreFields Core = new(FieldDictionary.Default);
    private readonly LayerTables _tables;
    private readonly MProtocol[] _protocols = [new UdpProtocol(), new TcpProtocol(new SessionSettings())];
    private readonly ushort _port;

    private MessageTarget(IFlowPipePlugin plugin, ushort port)
    {
        _port = port;
        _tables = new LayerTables(
            FieldDictionary.Default,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["parseDNSRecordAll"] = "true" }
        );
        foreach (MProtocol protocol in _protocols)
            _tables.Register(protocol);
        plugin.Register(_tables);
        _tables.Parsers.Freeze();
    }

    /// <summary>A target for each protocol, and what it begins with: the protocol's messages in the samples, and bytes that look like one.</summary>
    public static IEnumerable<(string Name, Target Run, byte[][] Seeds)> All =>
        [
            Make(
                "parser-dns",
                new DnsPlugin(),
                53,
                "00070100000100000000000003777777076578616d706c6503636f6d0000010001",
                "00078180000100050000000103777777076578616d706c6503636f6d0000010001c00c0005000100000001000603776562c010c02d000100010000000100"
                    + "04c0000201c00c00410001000000010014000100000100060268320268330003000201bbc00c002e00010000000100160001"
                    + "0d0200000e10000000090000000830390361626300c00c0101000100000001000f0005697373756563612e6578616d0000290500010000000000"
            ),
            Make(
                "parser-mdns",
                new DnsPlugin(),
                5353,
                "000084000000000100000000055f697070045f746370056c6f63616c00000c800100001194000603616263c00c"
            ),
            Make(
                "parser-nbns",
                new NbnsPlugin(),
                137,
                "123401100001000000000000204547454a454d45464341464445464643464745464643434143414341434143410000200001",
                "123485000000000100000000204547454a454d454643414644454646434647454646434341434143414341434100002000010000000900060000c0000207"
            ),
            Make(
                "parser-ntp",
                new NtpPlugin(),
                123,
                "240106ec00000000000000004750530000000000000000000000000000000000000000000000000000000000000000000000"
            ),
            Make(
                "parser-snmp",
                new SnmpPlugin(),
                161,
                "302602010104067075626c6963a019020109020100020100300e300c06082b060102010103000500",
                "302b020103300d020109020205dc0401050201030414301204058000" + "1f88040201010201020403626f6204000400"
            ),
            Make(
                "parser-radius",
                new RadiusPlugin(),
                1812,
                "01070037000000000000000000000000000000000105626f620406c00002010506000000091f13" + "39382d35412d45422d38392d38302d3030"
            ),
            Make(
                "parser-sip",
                new SipPlugin(),
                5060,
                Convert.ToHexString("REGISTER sip:a SIP/2.0\r\nVia: v\r\nFrom: <sip:b@c>\r\nl: 2\r\n\r\nabSIP/2.0 200 OK\r\n\r\n"u8)
            ),
            Make(
                "parser-stun",
                new StunPlugin(),
                3478,
                "000100082112a4420102030405060708090a0b0c0006000161000000",
                "0101000c2112a4420102030405060708090a0b0c0020000800013336e112a64b"
            ),
            Make("parser-tftp", new TftpPlugin(), 69, "0001626f6f74006f6374657400"),
            Make("parser-misc", new MiscPlugin(), 520, "02020000000000", "3c3133343e74657874", "0005000130303030650000000000000000000000"),
        ];

    private static (string, Target, byte[][]) Make(string name, IFlowPipePlugin plugin, ushort port, params string[] seeds) =>
        (name, new MessageTarget(plugin, port).Run, [.. seeds.Select(hex => (byte[])[0, .. Convert.FromHexString(hex)])]);

    private void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        foreach (MProtocol protocol in _protocols)
            Run(protocol, input[0], input[1..]);
    }

    private void Run(MProtocol protocol, byte cuts, ReadOnlySpan<byte> bytes)
    {
        var pool = new BytePool();
        var runtime = new ParserRuntime(_tables.Parsers, new PluginFaults(stop: true, null), pool, reassemblyMemcap: 1 << 20);
        var session = new FlowSession(Core)
        {
            Protocol = protocol,
            Parsing = runtime,
            SourcePort = _port,
            DestinationPort = _port,
        };
        int length = cuts == 0 ? Math.Max(1, bytes.Length) : cuts;
        for (int at = 0; at < bytes.Length; at += length)
        {
            Side side = (cuts & 1) != 0 && at / length % 2 == 1 ? Side.Server : Side.Client;
            session.Deliver(new StreamData(side, bytes[at..Math.Min(bytes.Length, at + length)], at));
        }
        runtime.Save(session, final: true);
        runtime.Free(session);
        session.Clear(pool, new SourceTable());
        if (pool.Lent != 0)
            throw new InvalidOperationException($"{pool.Lent} bytes did not come back");
    }
}
