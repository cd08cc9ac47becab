using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// UDP sessions (RFC 768).
/// <code>
/// +-------------------------------+-------------------------------+
/// |          source port          |       destination port        |
/// +-------------------------------+-------------------------------+
/// |            length             |           checksum            |
/// +-------------------------------+-------------------------------+
/// </code>
/// </summary>
internal sealed class UdpProtocol() : IpMProtocol("udp", SessionType.Udp, "udp", hasPorts: true)
{
    public const int HeaderLength = 8;

    /// <inheritdoc/>
    public override void Process(Session session, in PacketView packet)
    {
        ReadOnlySpan<byte> datagram = packet.Payload[HeaderLength..];
        session.DataBytes.Add(session.PacketSide, datagram.Length);
        var flow = (FlowSession)session;
        // The first datagram alone counts: eight bytes of two datagrams would be nobody's beginning.
        bool first = (session.PacketSide == Side.Client ? flow.ClientPayload8Length : flow.ServerPayload8Length) == 0;
        if (first)
            flow.GatherPayload(session.PacketSide, datagram);
        if (datagram.Length > 0)
            flow.Deliver(new StreamData(session.PacketSide, datagram, packet.Record.TimestampNs));
    }
}
