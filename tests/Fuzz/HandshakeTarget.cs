using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Parsers;
using FlowPipe.Schemas;
using static FlowPipe.Tests.Unit.Parsers.Tls.Handshakes;
using static FlowPipe.Tests.Unit.Parsers.Tls.QuicPackets;

namespace FlowPipe.Tests.Fuzz;

/// <summary>
/// What two ends say to each other, handed to the parsers of TLS, certificates, DTLS, QUIC and SSH: no exception, and no memory that does not come
/// back. The first byte says TCP (even) or UDP; then pieces: | side and length (2) | data |.
/// </summary>
public static class HandshakeTarget
{
    private const int ServerBit = 0x8000;

    [ThreadStatic]
    private static Bench? Made;

    public static IEnumerable<byte[]> Seeds()
    {
        byte[] hello = BrowserHello();
        byte[] certificate = Certificate();
        byte[] flight =
        [
            .. Record(22, Message(2, ServerHello(0x0303, 0xC02F, [Alpn("h2")], [1, 2]))),
            .. Record(22, [.. Message(11, Certificates(certificate, certificate[..100])), .. Message(14, [])]),
        ];
        byte[] dtls =
        [
            22,
            0xFE,
            0xFD,
            .. new byte[8],
            .. Vector16([1, .. U24(hello.Length), 0, 0, 0, 0, 0, .. U24(hello.Length), .. hello]),
        ];
        byte[] quic = Padded(1, true, 0, [.. Crypto(100, Message(1, hello)[100..]), 1, 0, .. Crypto(0, Message(1, hello)[..100])]);
        byte[] lists =
        [
            .. new byte[16],
            .. Enumerable.Repeat<byte[]>([0, 0, 0, 3, (byte)'a', (byte)',', (byte)'b'], 10).SelectMany(x => x),
        ];
        byte[] ssh = [.. "SSH-2.0-fuzz\r\n"u8, 0, 0, 0, (byte)(2 + lists.Length), 0, 20, .. lists, 0, 0, 0, 9, 0, 33, 0, 0, 0, 3, 1, 2, 3];
        byte[] zero = [.. "1QTV\0"u8, (byte)Chlo.Length, (byte)(Chlo.Length >> 8), 0, 0, .. Chlo];
        byte[] google = [0x0D, .. new byte[8], .. "Q043"u8, 1, .. new byte[12], 0xA0, 1, .. Vector16(Chlo), .. new byte[60]];
        yield return [0, .. Piece(false, Record(22, Message(1, hello))), .. Piece(true, flight)];
        yield return [0, .. Piece(true, flight[..200]), .. Piece(true, flight[200..])];
        yield return [0, .. Piece(false, ssh), .. Piece(true, ssh)];
        yield return [0, .. Piece(false, zero[..20]), .. Piece(false, zero[20..])];
        yield return [1, .. Piece(false, dtls), .. Piece(true, dtls)];
        yield return [1, .. Piece(false, quic), .. Piece(true, Initial(1, false, 0, [.. Ack, .. Crypto(0, flight[5..])]))];
        yield return [1, .. Piece(false, google)];
    }

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        Bench bench = Made ??= new Bench();
        var session = new FlowSession(new CoreFields(FieldDictionary.Default))
        {
            Protocol = (input[0] & 1) == 0 ? bench.Tcp : bench.Udp,
            Parsing = bench.Runtime,
            IpProtocol = (byte)((input[0] & 1) == 0 ? 6 : 17),
        };
        session.LendTcp(new TcpBox());
        for (ReadOnlySpan<byte> rest = input[1..]; rest.Length > 2; )
        {
            int head = (rest[0] << 8) | rest[1];
            int length = Math.Min(head & (ServerBit - 1), rest.Length - 2);
            Side side = (head & ServerBit) == 0 ? Side.Client : Side.Server;
            session.PacketSide = side;
            session.Deliver(new StreamData(side, rest.Slice(2, length), 0));
            rest = rest[(2 + length)..];
        }
        bench.Runtime.Save(session, final: true);
        session.Clear(bench.Pool, new SourceTable());
        if (bench.Pool.Lent != 0)
            throw new InvalidOperationException($"{bench.Pool.Lent} bytes did not come back");
    }

    private static byte[] Piece(bool server, byte[] data) => [.. U16(data.Length | (server ? ServerBit : 0)), .. data];

    private static byte[] Certificate()
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=fuzz.example, O=Org, OU=Unit",
            key,
            System.Security.Cryptography.HashAlgorithmName.SHA256
        );
        var names = new System.Security.Cryptography.X509Certificates.SubjectAlternativeNameBuilder();
        names.AddDnsName("fuzz.example");
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(9000)).RawData;
    }

    /// <summary>The parsers of one partition.</summary>
    private sealed class Bench
    {
        public Bench()
        {
            var tables = new LayerTables(FieldDictionary.Default);
            tables.Register(Tcp);
            tables.Register(Udp);
            foreach (
                IFlowPipePlugin plugin in (IFlowPipePlugin[])
                    [
                        new TlsPlugin(),
                        new CertificatePlugin(),
                        new DtlsPlugin(),
                        new QuicPlugin(),
                        new GoogleQuicPlugin(),
                        new SshPlugin(),
                        new XmppStartTlsPlugin(),
                    ]
            )
                plugin.Register(tables);
            tables.Parsers.Freeze();
            Runtime = new ParserRuntime(tables.Parsers, new PluginFaults(stop: true, null), Pool, reassemblyMemcap: 1 << 20);
        }

        public TcpProtocol Tcp { get; } = new(new SessionSettings());

        public UdpProtocol Udp { get; } = new();

        public BytePool Pool { get; } = new();

        public ParserRuntime Runtime { get; }
    }
}
