using System.Buffers.Binary;

namespace FlowPipe.Abstractions;

/// <summary>
/// A protocol whose sessions are no conversation of two ends: link-layer protocols, multicast, what nobody knows. All packets count as the
/// client's. Where there is an IP header, the addresses are those of the first packet.
/// </summary>
/// <param name="name">Its name, which it also adds to the list of protocols.</param>
/// <param name="idleTimeout">Seconds of packet time after which an idle session ends; 0 for <c>otherTimeout</c>.</param>
public abstract class OneWayMProtocol(string name, int idleTimeout) : MProtocol(name, SessionType.Other)
{
    private readonly byte[] _label = System.Text.Encoding.UTF8.GetBytes(name);

    /// <inheritdoc/>
    public sealed override int IdleTimeout => idleTimeout;

    /// <inheritdoc/>
    public override bool HasCommunityId => false;

    /// <summary>One session for all packets, unless it is overridden.</summary>
    public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id) => id = KeyOf(0, 0);

    /// <inheritdoc/>
    public override PreProcess PreProcess(Session session, in PacketView packet, bool isNew)
    {
        session.PacketSide = Side.Client;
        if (!isNew)
            return Abstractions.PreProcess.Continue;
        session.AddProtocol(_label);
        session.IpProtocol = packet.Record.IpProtocol;
        if (packet.Record.IpOffset != PacketRecord.None)
        {
            session.HasIp = true;
            IpMProtocol.ReadAddresses(in packet, out session.SourceIp, out session.DestinationIp);
        }
        return Abstractions.PreProcess.Continue;
    }

    /// <summary>Notes where the payload is, and ends the way through the layers.</summary>
    /// <param name="context">Of the callback.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="offset">Where the protocol begins.</param>
    public PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (offset >= PacketRecord.None || offset > frame.Length)
            return PacketRc.Corrupt;
        packet.PayloadOffset = (ushort)offset;
        packet.PayloadLength = (ushort)Math.Min(frame.Length - offset, ushort.MaxValue);
        return context.ToSession(Number, ref packet, frame);
    }

    /// <summary>A key of two words beside the protocol's number.</summary>
    protected SessionId KeyOf(ulong first, ulong second)
    {
        SessionId id = default;
        id.Words[0] = Number;
        id.Words[1] = first;
        id.Words[2] = second;
        id.Count = SessionId.ShortCount;
        return id;
    }

    /// <summary>A key of both IP addresses, the sender's first, and a number.</summary>
    protected SessionId AddressKey(in PacketView packet, byte number)
    {
        ReadOnlySpan<byte> ip = packet.Frame[packet.Record.IpOffset..];
        if (!packet.IsIPv6)
            return KeyOf(BinaryPrimitives.ReadUInt64BigEndian(ip[12..]), number);
        SessionId id = KeyOf(BinaryPrimitives.ReadUInt64BigEndian(ip[8..]), BinaryPrimitives.ReadUInt64BigEndian(ip[16..]));
        id.Words[3] = BinaryPrimitives.ReadUInt64BigEndian(ip[24..]);
        id.Words[4] = BinaryPrimitives.ReadUInt64BigEndian(ip[32..]);
        id.Words[5] = number;
        id.Count = SessionId.MaxWords;
        return id;
    }

    /// <summary>
    /// A key of the first bytes, 16 at most, of the link-layer header: the innermost Ethernet header, or how the frame begins where it has none.
    /// What is not there counts as zeros.
    /// </summary>
    protected SessionId LinkKey(in PacketView packet, int length)
    {
        Span<byte> key = stackalloc byte[16];
        key.Clear();
        int at = packet.Record.EtherOffset == PacketRecord.None ? 0 : packet.Record.EtherOffset;
        ReadOnlySpan<byte> header = packet.Frame[Math.Min(at, packet.Frame.Length)..];
        header[..Math.Min(length, header.Length)].CopyTo(key);
        return KeyOf(BinaryPrimitives.ReadUInt64BigEndian(key), BinaryPrimitives.ReadUInt64BigEndian(key[8..]));
    }
}
