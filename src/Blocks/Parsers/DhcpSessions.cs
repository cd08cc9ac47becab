using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>
/// Sessions of DHCP (RFC 2131) and DHCPv6 (RFC 8415) as Arkime makes them (<c>parsers.dhcpByClient</c>): all that one client's MAC says and is told,
/// of DHCPv6 all of one transaction, whatever the addresses. By default DHCP is UDP like any other.
/// <code>
/// DHCP    | op (1) | hardware type (1) | address length (1) | hops (1) | transaction (4) | … | at 28: client's address (16) | … | at 236: 63 82 53 63 | options
/// DHCPv6  | message type (1) | transaction (3) | options
/// </code>
/// </summary>
public sealed class DhcpSessionsPlugin : IFlowPipePlugin
{
    private const ushort Server = 67;
    private const ushort Client = 68;
    private const ushort ClientV6 = 546;
    private const ushort ServerV6 = 547;
    private const int OptionsOffset = 240;
    private const int LeastLength = 256;
    private const int CookieOffset = 236;
    private const uint Cookie = 0x63825363;
    private const byte Ethernet = 1;
    private const byte MacLength = 6;
    private const int HeaderV6 = 4;
    private const byte GreatestTypeV6 = 21; // LEASEQUERY's, RFC 7653

    /// <inheritdoc/>
    public string Name => "dhcp-sessions";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        const string help =
            "Whether DHCP's sessions are all of one client's MAC, DHCPv6's all of one transaction, as in Arkime; else they are UDP's";
        if (!registrar.Setting("dhcpByClient", false, help))
            return;
        byte v4 = registrar.Register(new DhcpProtocol());
        byte v6 = registrar.Register(new DhcpV6Protocol());
        EnqueueCallback enqueue = (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
            IsDhcp(frame[offset..]) ? context.ToSession(v4, ref packet, frame) : PacketRc.UnknownIp;
        EnqueueCallback enqueueV6 = (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
            frame.Length - offset >= HeaderV6 && frame[offset] is > 0 and <= GreatestTypeV6
                ? context.ToSession(v6, ref packet, frame)
                : PacketRc.UnknownIp;
        registrar.UdpPort(Server, enqueue);
        registrar.UdpPort(Client, enqueue);
        registrar.UdpPort(ClientV6, enqueueV6);
        registrar.UdpPort(ServerV6, enqueueV6);
    }

    private static bool IsDhcp(ReadOnlySpan<byte> dhcp) =>
        dhcp.Length >= Math.Max(LeastLength, OptionsOffset)
        && dhcp[0] is 1 or 2
        && dhcp[1] == Ethernet
        && dhcp[2] == MacLength
        && BinaryPrimitives.ReadUInt32BigEndian(dhcp[CookieOffset..]) == Cookie;
}

/// <summary>What both have in common: addresses and ports are those of the first packet, whose ports tell the sides apart.</summary>
internal abstract class DhcpSessions(string name) : MProtocol(name, SessionType.Udp)
{
    protected const int UdpLength = 8;
    private readonly byte[] _label = System.Text.Encoding.UTF8.GetBytes(name);

    /// <inheritdoc/>
    public sealed override bool HasCommunityId => false;

    /// <inheritdoc/>
    public sealed override PreProcess PreProcess(Session session, in PacketView packet, bool isNew)
    {
        uint ports = BinaryPrimitives.ReadUInt32BigEndian(packet.Payload);
        (ushort source, ushort destination) = ((ushort)(ports >> 16), (ushort)ports);
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
        bool forward = session.SourcePort == source && session.DestinationPort == destination;
        session.PacketSide = forward ? Side.Client : Side.Server;
        return Abstractions.PreProcess.Continue;
    }

    /// <inheritdoc/>
    public sealed override void Process(Session session, in PacketView packet)
    {
        ReadOnlySpan<byte> datagram = packet.Payload[UdpLength..];
        session.DataBytes.Add(session.PacketSide, datagram.Length);
        session.Deliver(new StreamData(session.PacketSide, datagram, packet.Record.TimestampNs));
    }

    /// <summary>A key of six bytes or less.</summary>
    protected SessionId KeyOf(ulong client)
    {
        SessionId id = default;
        id.Words[0] = Number;
        id.Words[1] = client;
        id.Count = SessionId.ShortCount;
        return id;
    }
}

/// <summary>Sessions of DHCP, by the client's MAC.</summary>
internal sealed class DhcpProtocol() : DhcpSessions("dhcp")
{
    private const int ClientAddress = 28;

    /// <inheritdoc/>
    public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id) =>
        id = KeyOf(BinaryPrimitives.ReadUInt64BigEndian(packet.Payload[(UdpLength + ClientAddress)..]) >> 16);
}

/// <summary>Sessions of DHCPv6, by transaction.</summary>
internal sealed class DhcpV6Protocol() : DhcpSessions("dhcpv6")
{
    /// <inheritdoc/>
    public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id) =>
        id = KeyOf(BinaryPrimitives.ReadUInt32BigEndian(packet.Payload[UdpLength..]) & 0xFFFFFF);
}
