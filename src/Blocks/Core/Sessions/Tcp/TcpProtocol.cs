using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Tcp;

/// <summary>TCP sessions (RFC 9293): counts flags, checks the handshake, sees the end, and follows both streams.</summary>
internal sealed class TcpProtocol(SessionSettings settings) : IpMProtocol("tcp", SessionType.Tcp, "tcp", hasPorts: true)
{
    // How far a sequence or acknowledgement number may lie beyond the handshake's and still belong to it: one unscaled window.
    private const uint Window = 65_535;

    /// <inheritdoc/>
    public override PreProcess PreProcess(Session session, in PacketView packet, bool isNew)
    {
        // A SYN on a connection that is over begins another with the same ports (RFC 9293 section 3.6.1).
        var header = new TcpHeader(in packet);
        if (!isNew && ((FlowSession)session).Closing && (header.Flags & (TcpFlags.Syn | TcpFlags.Ack)) == TcpFlags.Syn)
            return Abstractions.PreProcess.CloseAndRestart;
        return base.PreProcess(session, in packet, isNew);
    }

    /// <inheritdoc/>
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
        }
        if ((flags & (TcpFlags.Fin | TcpFlags.Rst | TcpFlags.Psh | TcpFlags.Ack)) == TcpFlags.Ack)
        {
            tcp.Ack++;
            if (tcp.AckNs == 0)
                tcp.AckNs = packet.Record.TimestampNs;
        }
        if ((flags & TcpFlags.Psh) != 0)
            tcp.Psh++;
        if (tcp.Stopped)
            return;

        ref TcpStream stream = ref tcp[side];
        if (tcp.HandshakeSeen && tcp.SynAck == 0 && flow.Segment == 0 && !stream.Following)
        {
            // A SYN, no SYN-ACK, and now the other side speaks: the SYN-ACK was not captured.
            flow.AddTag("no-syn-ack"u8);
            stream.NextSequence = header.Sequence;
            stream.Following = true;
        }
        if (IsClosedBy(flow, ref tcp, flags, side))
            return;
        if ((flags & TcpFlags.Ack) != 0)
            CheckAcknowledged(flow, ref tcp, header.Acknowledged, side);
        if (length > 0 && (flags & TcpFlags.Rst) == 0)
            TcpReassembler.Add(flow, ref tcp, in header, side, settings);
    }

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
        ref TcpStream other = ref tcp[side == Side.Client ? Side.Server : Side.Client];
        uint sequence = header.Sequence;
        if ((header.Flags & TcpFlags.Ack) != 0)
        {
            tcp.SynAck++;
            tcp.SynAckFirst |= !tcp.HandshakeSeen;
            if (!tcp.HandshakeSeen && settings.AntiSynDrop)
            {
                other.NextSequence = header.Acknowledged;
                other.Following = true;
            }
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
            stream.NextSequence = sequence + 1;
            stream.Following = true;
        }
        // Whichever came last, the SYN-ACK must acknowledge the SYN.
        uint acknowledged = (header.Flags & TcpFlags.Ack) != 0 ? header.Acknowledged : sequence + 1;
        uint expected = (header.Flags & TcpFlags.Ack) != 0 ? other.InitialSequence + 1 : stream.NextSequence;
        bool both = tcp.Client.SynSeen && tcp.Server.SynSeen;
        tcp.SynValidated |= both && acknowledged == expected;
    }

    private static void CheckHandshake(ref TcpState tcp, in TcpHeader header, Side side)
    {
        if (tcp.SynAckValidated || side != Side.Client || (header.Flags & (TcpFlags.Ack | TcpFlags.Rst)) != TcpFlags.Ack || !tcp.Server.SynSeen || !tcp.Client.Following)
            return;
        uint first = tcp.Client.SynSeen ? tcp.Client.InitialSequence + 1 : tcp.Client.NextSequence;
        tcp.SynAckValidated =
            header.Sequence - first <= Window && header.Acknowledged - (tcp.Server.InitialSequence + 1) <= Window;
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
        ref TcpStream other = ref tcp[side == Side.Client ? Side.Server : Side.Client];
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
        ref TcpStream other = ref tcp[side == Side.Client ? Side.Server : Side.Client];
        if (!tcp.HandshakeSeen || tcp[side].TaggedUnseen || !other.Following || (int)(acknowledged - other.NextSequence) <= 1)
            return;
        tcp[side].TaggedUnseen = true;
        flow.AddTag(side == Side.Client ? "acked-unseen-segment-src"u8 : "acked-unseen-segment-dst"u8);
    }
}
