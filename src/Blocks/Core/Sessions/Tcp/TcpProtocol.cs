using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions.Tcp;

/// <summary>TCP sessions (RFC 9293): counts flags, checks the handshake, sees the end, and follows both streams.</summary>
internal sealed class TcpProtocol(SessionSettings settings) : IpMProtocol("tcp", SessionType.Tcp, "tcp", hasPorts: true)
{
    /// <inheritdoc/>
    public override PreProcess PreProcess(Session session, in PacketView packet, bool isNew)
    {
        // A SYN on a connection that is over begins another with the same ports (RFC 9293 section 3.6.1), unless it is that connection's own.
        if (!isNew && ((FlowSession)session).Closing && BeginsAnew(in ((FlowSession)session).Tcp.Client, in packet))
            return Abstractions.PreProcess.CloseAndRestart;
        return base.PreProcess(session, in packet, isNew);
    }

    private static bool BeginsAnew(in TcpStream client, in PacketView packet)
    {
        var header = new TcpHeader(in packet);
        return (header.Flags & (TcpFlags.Syn | TcpFlags.Ack)) == TcpFlags.Syn
            && (!client.Following || header.Sequence + 1 != client.FirstSequence);
    }

    /// <inheritdoc/>
    [MethodImpl(HotPath.Options)]
    public override void Process(Session session, in PacketView packet)
    {
        var flow = (FlowSession)session;
        ref TcpState tcp = ref flow.Tcp;
        var header = new TcpHeader(in packet);
        TcpFlags flags = header.Flags;
        Side side = session.PacketSide;
        int length = header.DataLength;

        Count(ref tcp, flags, header.Window, side);
        if (length < 0)
            return;
        if ((flags & TcpFlags.Urg) != 0)
            tcp.Urg++;
        if ((flags & TcpFlags.Syn) != 0)
        {
            OnSyn(ref tcp, in packet, in header, side);
            return;
        }
        CheckHandshake(ref tcp, in header, side);
        if ((flags & TcpFlags.Rst) != 0 && OnReset(flow, ref tcp, header.Sequence, side))
            return;
        if ((flags & TcpFlags.Fin) != 0)
        {
            tcp.Fin++;
            tcp[side].Fin = true;
            tcp[side].FinAcked = false;
            tcp[side].FinSequence = header.Sequence + (uint)length;
            tcp[side].FinSeen = true;
        }
        if ((flags & (TcpFlags.Fin | TcpFlags.Rst | TcpFlags.Psh | TcpFlags.Ack)) == TcpFlags.Ack)
        {
            tcp.Ack++;
            if (tcp.AckNs == 0)
                tcp.AckNs = packet.Record.TimestampNs;
        }
        if ((flags & TcpFlags.Psh) != 0)
            tcp.Psh++;
        if (tcp.Held is not null)
            TcpReassembler.CheckTime(flow, ref tcp, settings, in packet.Record);
        if (tcp.Stopped)
        {
            if (length > 0 && (flags & TcpFlags.Rst) == 0 && flow.Parsers.Wanting > 0)
                TcpReassembler.Add(flow, ref tcp, in header, side, settings, in packet.Record);
            return;
        }

        ref TcpStream stream = ref tcp[side];
        if (tcp.HandshakeSeen && tcp.SynAck == 0 && flow.Segment == 0 && !stream.Following)
        {
            // A SYN, no SYN-ACK, and now the other side speaks: the SYN-ACK was not captured.
            flow.AddTag("no-syn-ack"u8);
            Follow(ref stream, header.Sequence);
        }
        if (IsClosedBy(flow, ref tcp, flags, side))
            return;
        if ((flags & TcpFlags.Ack) != 0)
            CheckAcknowledged(flow, ref tcp, header.Acknowledged, side);
        if (length > 0 && (flags & TcpFlags.Rst) == 0)
            TcpReassembler.Add(flow, ref tcp, in header, side, settings, in packet.Record);
        if (stream.FinSeen)
            TcpReassembler.CheckEnd(flow, in stream, side, packet.Record.TimestampNs);
    }

    /// <inheritdoc/>
    public override void Finish(Session session) => TcpReassembler.Finish((FlowSession)session);

    /// <inheritdoc/>
    protected override bool StartsReversed(in PacketView packet) =>
        settings.AntiSynDrop && (new TcpHeader(in packet).Flags & (TcpFlags.Syn | TcpFlags.Ack)) == (TcpFlags.Syn | TcpFlags.Ack);

    private static void Count(ref TcpState tcp, TcpFlags flags, ushort window, Side side)
    {
        if (window == 0 && (flags & TcpFlags.Rst) == 0)
        {
            if (side == Side.Client)
                tcp.ClientZeroWindow++;
            else
                tcp.ServerZeroWindow++;
        }
        if ((flags & (TcpFlags.Ece | TcpFlags.Cwr | TcpFlags.Ae)) == 0)
            return;
        if ((flags & TcpFlags.Ece) != 0)
            tcp.Ece++;
        if ((flags & TcpFlags.Cwr) != 0)
            tcp.Cwr++;
        if ((flags & TcpFlags.Ae) != 0)
            tcp.Ae++;
    }

    private void OnSyn(ref TcpState tcp, in PacketView packet, in TcpHeader header, Side side)
    {
        ref TcpStream stream = ref tcp[side];
        uint sequence = header.Sequence;
        if ((header.Flags & TcpFlags.Ack) != 0)
        {
            tcp.SynAck++;
            if (!tcp.HandshakeSeen)
            {
                tcp.SynAckFirst = true;
                // A stream that is followed already is not set back.
                if (settings.AntiSynDrop && !tcp[Other(side)].Following)
                    Follow(ref tcp[Other(side)], header.Acknowledged);
            }
            tcp.SynAcknowledged = header.Acknowledged;
        }
        else
        {
            tcp.Syn++;
            if (stream.InitialSequences == 0 || sequence != stream.InitialSequence)
                stream.InitialSequences++;
            if (tcp.SynNs == 0)
            {
                tcp.SynNs = packet.Record.TimestampNs;
                tcp.AckNs = 0;
            }
        }
        tcp.HandshakeSeen = true;
        if (!stream.SynSeen)
        {
            stream.SynSeen = true;
            stream.InitialSequence = sequence;
            if (!stream.Following)
                Follow(ref stream, sequence + 1);
        }
        // Whichever of the two came last, the SYN-ACK must acknowledge the SYN.
        tcp.SynValidated |= tcp.Client.SynSeen && tcp.SynAck > 0 && tcp.SynAcknowledged == tcp.Client.InitialSequence + 1;
    }

    private static void Follow(ref TcpStream stream, uint next)
    {
        stream.FirstSequence = next;
        stream.NextSequence = next;
        stream.Following = true;
    }

    /// <summary>The SYN-ACK is validated by a segment of the client that acknowledges it and nothing that was never seen.</summary>
    private static void CheckHandshake(ref TcpState tcp, in TcpHeader header, Side side)
    {
        if (tcp.SynAckValidated || side != Side.Client || !tcp.Server.SynSeen || !tcp.Client.Following)
            return;
        if ((header.Flags & (TcpFlags.Ack | TcpFlags.Rst)) != TcpFlags.Ack)
            return;
        tcp.SynAckValidated = IsWithin(header.Sequence, in tcp.Client) && IsWithin(header.Acknowledged, in tcp.Server);

        static bool IsWithin(uint sequence, in TcpStream stream) =>
            sequence - stream.FirstSequence <= stream.NextSequence - stream.FirstSequence;
    }

    /// <summary>Returns true when the reset ends the look at the packet.</summary>
    private static bool OnReset(FlowSession flow, ref TcpState tcp, uint sequence, Side side)
    {
        tcp.Rst++;
        ref TcpStream stream = ref tcp[side];
        int beyond = (int)(sequence - stream.NextSequence);
        if (beyond >= 0)
        {
            // Only a reset at exactly the place that is expected ends the connection (RFC 5961 section 3.2).
            if (beyond == 0)
                flow.MarkForClose(EndReason.Rst);
            return true;
        }
        stream.Fin = true;
        stream.FinAcked = true;
        return false;
    }

    /// <summary>Both sides have sent FIN and both were acknowledged.</summary>
    private static bool IsClosedBy(FlowSession flow, ref TcpState tcp, TcpFlags flags, Side side)
    {
        if ((flags & (TcpFlags.Ack | TcpFlags.Rst)) == 0)
            return false;
        ref TcpStream other = ref tcp[Other(side)];
        if (!other.Fin || other.FinAcked)
            return false;
        other.FinAcked = true;
        if (!tcp[side].FinAcked)
            return false;
        flow.MarkForClose(tcp.Rst > 0 ? EndReason.Rst : EndReason.Fin);
        return true;
    }

    private static void CheckAcknowledged(FlowSession flow, ref TcpState tcp, uint acknowledged, Side side)
    {
        ref TcpStream other = ref tcp[Other(side)];
        if (!tcp.HandshakeSeen || tcp[side].TaggedUnseen || !other.Following || (int)(acknowledged - other.NextSequence) <= 1)
            return;
        tcp[side].TaggedUnseen = true;
        flow.AddTag(side == Side.Client ? "acked-unseen-segment-src"u8 : "acked-unseen-segment-dst"u8);
    }

    private static Side Other(Side side) => side == Side.Client ? Side.Server : Side.Client;
}
