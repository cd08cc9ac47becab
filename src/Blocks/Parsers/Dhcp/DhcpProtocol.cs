using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Dhcp;

/// <summary>What sessions of DHCPv4 and of DHCPv6 have in common: addresses and ports are those of the first packet.</summary>
/// <param name="name">Its name, which it also adds to the list of protocols.</param>
/// <param name="idleTimeout">Seconds of packet time after which an idle session ends.</param>
internal abstract class DhcpProtocol(string name, int idleTimeout) : MProtocol(name, SessionType.Other)
{
    private const int UdpHeaderLength = 8;
    private readonly byte[] _label = System.Text.Encoding.UTF8.GetBytes(name);

    /// <inheritdoc/>
    public sealed override int IdleTimeout => idleTimeout;

    /// <summary>None: addresses change within a session.</summary>
    public sealed override bool HasCommunityId => false;

    /// <inheritdoc/>
    public sealed override PreProcess PreProcess(Session session, in PacketView packet, bool isNew)
    {
        ReadOnlySpan<byte> udp = packet.Payload;
        ushort source = BinaryPrimitives.ReadUInt16BigEndian(udp);
        ushort destination = BinaryPrimitives.ReadUInt16BigEndian(udp[2..]);
        if (isNew)
        {
            session.HasIp = true;
            session.IpProtocol = packet.Record.IpProtocol;
            IpMProtocol.ReadAddresses(in packet, out session.SourceIp, out session.DestinationIp);
            session.SourcePort = source;
            session.DestinationPort = destination;
            session.AddProtocol("udp"u8);
            session.AddProtocol(_label);
        }
        session.PacketSide = session.SourcePort == source && session.DestinationPort == destination ? Side.Client : Side.Server;
        return Abstractions.PreProcess.Continue;
    }

    /// <inheritdoc/>
    public sealed override void Process(Session session, in PacketView packet)
    {
        ReadOnlySpan<byte> message = Message(in packet);
        session.DataBytes.Add(session.PacketSide, message.Length);
        Read(session, message);
    }

    /// <summary>Reads a message, which was found to be one in enqueue.</summary>
    protected abstract void Read(Session session, ReadOnlySpan<byte> message);

    /// <summary>What follows the UDP header.</summary>
    protected static ReadOnlySpan<byte> Message(in PacketView packet) => packet.Payload[UdpHeaderLength..];

    /// <summary>A key of one number beside the protocol's.</summary>
    protected SessionId KeyOf(ulong client)
    {
        SessionId id = default;
        id.Words[0] = Number;
        id.Words[1] = client;
        id.Words[2] = 0;
        id.Count = SessionId.ShortCount;
        return id;
    }
}

/// <summary>Sessions of DHCPv4: one for each client, by its MAC address.</summary>
internal sealed class Dhcp4Protocol(DhcpFields fields, int idleTimeout) : DhcpProtocol("dhcp", idleTimeout)
{
    /// <inheritdoc/>
    public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id)
    {
        ReadOnlySpan<byte> mac = Message(in packet)[Dhcp4Message.ClientMac..];
        id = KeyOf(((ulong)BinaryPrimitives.ReadUInt32BigEndian(mac) << 16) | BinaryPrimitives.ReadUInt16BigEndian(mac[4..]));
    }

    /// <inheritdoc/>
    protected override void Read(Session session, ReadOnlySpan<byte> message) => Dhcp4Message.Read(session.Fields, fields, message);
}

/// <summary>Sessions of DHCPv6: one for each transaction.</summary>
internal sealed class Dhcp6Protocol(DhcpFields fields, int idleTimeout) : DhcpProtocol("dhcpv6", idleTimeout)
{
    /// <inheritdoc/>
    public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id) =>
        id = KeyOf(BinaryPrimitives.ReadUInt32BigEndian(Message(in packet)) & 0xFFFFFF);

    /// <inheritdoc/>
    protected override void Read(Session session, ReadOnlySpan<byte> message) => Dhcp6Message.Read(session.Fields, fields, message);
}
