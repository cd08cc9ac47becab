using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using FlowPipe.Schemas;

namespace FlowPipe.Abstractions;

/// <summary>A protocol over IP whose sessions are told apart by addresses and, where it has them, ports in its first four bytes.</summary>
/// <param name="name">Its name.</param>
/// <param name="type">Which timeout holds.</param>
/// <param name="label">What it adds to the list of protocols.</param>
/// <param name="hasPorts">Whether it begins with a source and a destination port.</param>
public abstract class IpMProtocol(string name, SessionType type, string label, bool hasPorts) : MProtocol(name, type)
{
    private readonly byte[] _label = System.Text.Encoding.UTF8.GetBytes(label);

    /// <inheritdoc/>
    [MethodImpl(HotPath.Options)]
    public sealed override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id)
    {
        ref readonly PacketRecord record = ref packet.Record;
        ReadOnlySpan<byte> frame = packet.Frame;
        uint ports = hasPorts ? BinaryPrimitives.ReadUInt32BigEndian(frame[record.PayloadOffset..]) : 0;
        id = default;
        id.Words[0] = FirstWord(in record, in tracking);
        if (frame[record.IpOffset] >> 4 == 4)
        {
            ulong pair = BinaryPrimitives.ReadUInt64BigEndian(frame[(record.IpOffset + 12)..]);
            ulong a = (pair >> 32 << 16) | (ports >> 16);
            ulong b = ((pair & 0xFFFFFFFF) << 16) | (ports & 0xFFFF);
            id.Words[1] = Math.Min(a, b);
            id.Words[2] = Math.Max(a, b);
            id.Count = 3;
            return;
        }
        ReadOnlySpan<byte> addresses = frame.Slice(record.IpOffset + 8, 32);
        ulong source0 = BinaryPrimitives.ReadUInt64BigEndian(addresses);
        ulong source1 = BinaryPrimitives.ReadUInt64BigEndian(addresses[8..]);
        ulong destination0 = BinaryPrimitives.ReadUInt64BigEndian(addresses[16..]);
        ulong destination1 = BinaryPrimitives.ReadUInt64BigEndian(addresses[24..]);
        bool swap =
            source0 != destination0 ? source0 > destination0
            : source1 != destination1 ? source1 > destination1
            : ports >> 16 > (ports & 0xFFFF);
        id.Words[1] = swap ? destination0 : source0;
        id.Words[2] = swap ? destination1 : source1;
        id.Words[3] = swap ? source0 : destination0;
        id.Words[4] = swap ? source1 : destination1;
        id.Words[5] = swap ? (ports << 16) | (ports >> 16) : ports;
        id.Count = 6;
    }

    /// <summary>The key that <see cref="CreateSessionId"/> makes of a packet between these ends, in either direction, without such a packet.</summary>
    /// <param name="layers">Tunnel depth, VLANs and VNI; nothing else of it counts.</param>
    /// <param name="tracking">What is part of keys in this run.</param>
    /// <param name="source">Address of one end.</param>
    /// <param name="sourcePort">Its port.</param>
    /// <param name="destination">Address of the other end.</param>
    /// <param name="destinationPort">Its port.</param>
    public SessionId KeyOf(
        in PacketRecord layers,
        in Tracking tracking,
        IpAddress source,
        ushort sourcePort,
        IpAddress destination,
        ushort destinationPort
    )
    {
        if (!hasPorts)
            sourcePort = destinationPort = 0;
        int order = source.CompareTo(destination);
        if (order > 0 || (order == 0 && sourcePort > destinationPort))
        {
            (source, destination) = (destination, source);
            (sourcePort, destinationPort) = (destinationPort, sourcePort);
        }
        var id = new SessionId();
        id.Words[0] = FirstWord(in layers, in tracking);
        if (source.IsIPv4 && destination.IsIPv4)
        {
            id.Words[1] = ((source.Low & uint.MaxValue) << 16) | sourcePort;
            id.Words[2] = ((destination.Low & uint.MaxValue) << 16) | destinationPort;
            id.Count = SessionId.ShortCount;
            return id;
        }
        id.Words[1] = source.High;
        id.Words[2] = source.Low;
        id.Words[3] = destination.High;
        id.Words[4] = destination.Low;
        id.Words[5] = ((uint)sourcePort << 16) | destinationPort;
        id.Count = SessionId.MaxWords;
        return id;
    }

    /// <inheritdoc/>
    [MethodImpl(HotPath.Options)]
    public override PreProcess PreProcess(Session session, in PacketView packet, bool isNew)
    {
        ReadAddresses(in packet, out IpAddress source, out IpAddress destination);
        uint ports = hasPorts ? BinaryPrimitives.ReadUInt32BigEndian(packet.Frame[packet.Record.PayloadOffset..]) : 0;
        if (isNew)
        {
            session.HasIp = true;
            session.IpProtocol = packet.Record.IpProtocol;
            bool reversed = StartsReversed(in packet);
            session.SourceIp = reversed ? destination : source;
            session.DestinationIp = reversed ? source : destination;
            session.SourcePort = (ushort)(reversed ? ports : ports >> 16);
            session.DestinationPort = (ushort)(reversed ? ports >> 16 : ports);
            session.AddProtocol(_label);
        }
        bool forward =
            session.SourcePort == (ushort)(ports >> 16) && session.DestinationPort == (ushort)ports && session.SourceIp == source;
        // Between two equal ports the addresses alone tell; where both are the same, every packet is the client's.
        session.PacketSide = forward && session.DestinationIp == destination ? Side.Client : Side.Server;
        return Abstractions.PreProcess.Continue;
    }

    /// <summary>Whether the first packet seen was sent by the side that answers.</summary>
    protected virtual bool StartsReversed(in PacketView packet) => false;

    /// <summary>The word of the key that does not depend on addresses: protocol, tunnel depth, VLANs, VNI.</summary>
    protected ulong FirstWord(in PacketRecord record, in Tracking tracking)
    {
        ulong word = Number;
        if (tracking.TunnelDepth)
            word |= (ulong)record.TunnelDepth << 8;
        if (tracking.Vlan)
        {
            ulong second = tracking.OuterVlanOnly ? 0 : (ulong)(record.Vlan1 & PacketRecord.VlanId);
            word |= ((ulong)(record.Vlan0 & PacketRecord.VlanId) << 16) | (second << 28);
        }
        if (tracking.Vni)
            word |= (ulong)record.Vni << 40;
        return word;
    }

    /// <summary>Both addresses of the innermost IP header, of which the fixed part must be there (RFC 791 section 3.1, RFC 8200 section 3).</summary>
    /// <param name="packet">The packet; it must have an IP header.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="destination">To whom.</param>
    public static void ReadAddresses(in PacketView packet, out IpAddress source, out IpAddress destination)
    {
        IpAddress.TryReadPair(packet.Frame[packet.Record.IpOffset..], out source, out destination);
    }
}
