using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>Two ends that talk: makes their packets, timed in seconds.</summary>
internal sealed class Conversation(string client = "10.0.0.1", int clientPort = 40000, string server = "10.0.0.2", int serverPort = 80)
{
    public const int Fin = 1;
    public const int Syn = 2;
    public const int Rst = 4;
    public const int Psh = 8;
    public const int Ack = 16;
    public const int Urg = 32;

    private readonly List<CapturedPacket> _packets = [];

    public IReadOnlyList<CapturedPacket> Packets => _packets;

    public static long Ns(double seconds) => (long)Math.Round((decimal)seconds * 1_000_000_000);

    public Conversation Tcp(
        double at,
        bool fromClient,
        int flags,
        uint sequence,
        uint acknowledged = 0,
        string data = "",
        int window = 1000
    )
    {
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(data);
        return Add(
            at,
            fromClient,
            TcpNumber,
            fromClient
                ? PacketBuilder.Tcp(clientPort, serverPort, sequence, acknowledged, flags, bytes, window)
                : PacketBuilder.Tcp(serverPort, clientPort, sequence, acknowledged, flags, bytes, window)
        );
    }

    /// <summary>The three packets that open a connection; data begins at 1001 and 5001.</summary>
    public Conversation Handshake(double at = 0) =>
        Tcp(at, true, Syn, 1000).Tcp(at + 0.01, false, Syn | Ack, 5000, 1001).Tcp(at + 0.02, true, Ack, 1001, 5001);

    public Conversation Udp(double at, bool fromClient, string data = "")
    {
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(data);
        return Add(
            at,
            fromClient,
            UdpNumber,
            fromClient ? PacketBuilder.Udp(clientPort, serverPort, bytes) : PacketBuilder.Udp(serverPort, clientPort, bytes)
        );
    }

    public Conversation Icmp(double at, bool fromClient, int type, int code = 0) =>
        Add(
            at,
            fromClient,
            client.Contains(':', StringComparison.Ordinal) ? IcmpV6Number : IcmpNumber,
            PacketBuilder.Icmp(type, code, new byte[8])
        );

    public Conversation Sctp(double at, bool fromClient, params byte[][] chunks) =>
        Add(
            at,
            fromClient,
            SctpNumber,
            fromClient ? PacketBuilder.Sctp(clientPort, serverPort, chunks) : PacketBuilder.Sctp(serverPort, clientPort, chunks)
        );

    public Conversation Add(double at, bool fromClient, byte protocol, byte[] payload)
    {
        _packets.Add(new CapturedPacket(Ns(at), fromClient ? EthernetIp(protocol, client, server, payload) : Swapped(protocol, payload)));
        return this;
    }

    /// <summary>A frame made elsewhere.</summary>
    public Conversation Frame(double at, byte[] frame)
    {
        _packets.Add(new CapturedPacket(Ns(at), frame));
        return this;
    }

    private byte[] Swapped(byte protocol, byte[] payload)
    {
        byte[] frame = EthernetIp(protocol, server, client, payload);
        Mac(MacA).CopyTo(frame, 0);
        Mac(MacB).CopyTo(frame, 6);
        return frame;
    }
}
