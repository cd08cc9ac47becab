using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Parsers;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.Conversation;

namespace FlowPipe.Tests.Unit.Parsers.Tls;

/// <summary>What two ends say to each other in bytes, through the whole pipeline with the parsers of handshakes.</summary>
internal sealed class Exchange
{
    private static readonly Dictionary<string, string> Everything = new()
    {
        ["ja3Strings"] = "true",
        ["ja4Raw"] = "true",
        ["tlsDatagrams"] = "true",
    };

    private readonly List<(bool FromClient, byte[] Data)> _said = [];

    /// <summary>Settings besides those that keep all.</summary>
    public Dictionary<string, string> Settings { get; } = new(Everything);

    public static IFlowPipePlugin[] Plugins =>
        [
            new TlsPlugin(),
            new CertificatePlugin(),
            new DtlsPlugin(),
            new QuicPlugin(),
            new GoogleQuicPlugin(),
            new SshPlugin(),
            new XmppStartTlsPlugin(),
        ];

    public Exchange Client(params byte[] data)
    {
        _said.Add((true, data));
        return this;
    }

    public Exchange Server(params byte[] data)
    {
        _said.Add((false, data));
        return this;
    }

    /// <summary>The record of a TCP session. Of each piece the first bytes come at once, because they classify; the rest in segments of a length.</summary>
    public Task<GatheredRecord> TcpAsync(int segment = 1400, int first = 6)
    {
        var conversation = new Conversation().Handshake();
        (uint client, uint server) = (1001, 5001);
        double at = 1;
        foreach ((bool fromClient, byte[] data) in _said)
        {
            for (int from = 0; from < data.Length; )
            {
                int length = Math.Min(from == 0 ? Math.Max(first, segment) : segment, data.Length - from);
                byte[] piece = data[from..(from + length)];
                from += length;
                at += 0.001;
                conversation.Add(
                    at,
                    fromClient,
                    PacketBuilder.TcpNumber,
                    fromClient
                        ? PacketBuilder.Tcp(40000, 80, client, server, Psh | Ack, piece, 1000)
                        : PacketBuilder.Tcp(80, 40000, server, client, Psh | Ack, piece, 1000)
                );
                if (fromClient)
                    client += (uint)length;
                else
                    server += (uint)length;
            }
        }
        return RunAsync(conversation);
    }

    /// <summary>The record of a UDP session.</summary>
    public Task<GatheredRecord> UdpAsync()
    {
        var conversation = new Conversation(serverPort: 443);
        double at = 1;
        foreach ((bool fromClient, byte[] data) in _said)
        {
            conversation.Add(
                at += 0.001,
                fromClient,
                PacketBuilder.UdpNumber,
                fromClient ? PacketBuilder.Udp(40000, 443, data) : PacketBuilder.Udp(443, 40000, data)
            );
        }
        return RunAsync(conversation);
    }

    private async Task<GatheredRecord> RunAsync(Conversation conversation)
    {
        var sink = new GatheringSink();
        using var run = new SessionRun(
            new MemoryReader(new MemorySource(conversation.Packets)),
            sink,
            new SessionSettings { StopOnParserFault = true, Parsers = Settings },
            plugins: Plugins
        );
        await run.RunAsync();
        run.AssertBalanced();
        return Assert.Single(sink.Records);
    }
}
