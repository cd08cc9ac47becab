using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions.Tcp;

/// <summary>
/// Puts the segments of both streams in order and hands them to the parsers. What comes in order passes straight through, uncopied; what comes
/// early is copied and waits until it fits. An answer waits for the question that it acknowledges, so that what is counted and parsed comes in
/// the order in which it was said.
/// <para>Where segments overlap, what was handed on stays; of those that wait, the one that begins earlier wins, and of two that begin at the
/// same place the longer.</para>
/// <para>A gap is given up when more than <c>maxTcpOutOfOrderPackets</c> segments or <c>maxTcpOutOfOrderBytes</c> bytes of the session wait,
/// when the partition's share of <c>reassemblyMemcap</c> is used up, when for <c>tcpGapTimeout</c> none has found its place (asked at the
/// session's packets only), or when the session ends. From there, as in Arkime, payload is no longer counted and the session is tagged
/// <c>incomplete-tcp</c> (not at its end); the parsers get the rest, told what is missing.</para>
/// </summary>
internal static class TcpReassembler
{
    /// <summary>Takes the data of a segment.</summary>
    public static void Add(
        FlowSession flow,
        ref TcpState tcp,
        in TcpHeader header,
        Side side,
        SessionSettings settings,
        in PacketRecord packet
    )
    {
        ref TcpStream stream = ref tcp[side];
        uint sequence = header.Sequence;
        ReadOnlySpan<byte> data = header.Data;
        long nowNs = Math.Max(packet.ClockNs, packet.TimestampNs);
        if (!stream.Following && !tcp.HandshakeSeen && settings.TcpMidstream)
        {
            stream.FirstSequence = stream.NextSequence = sequence;
            stream.Following = true;
        }
        if (stream.Following)
        {
            int ahead = (int)(sequence - stream.NextSequence);
            if (ahead + data.Length <= 0)
                return; // seen before: a retransmission or a keep-alive
            if (ahead <= 0 && tcp.Held is null)
            {
                Deliver(flow, ref tcp, side, data[-ahead..], data.Length + ahead, packet.TimestampNs);
                return;
            }
        }
        else if (tcp.HandshakeSeen)
            return; // its SYN is missing though the other side's was seen
        if (tcp.Held is not null && tcp.HandshakeSeen && !stream.TaggedOutOfOrder && !tcp.Stopped)
        {
            stream.TaggedOutOfOrder = true;
            flow.AddTag(side == Side.Client ? "out-of-order-src"u8 : "out-of-order-dst"u8);
        }
        Hold(flow, ref tcp, in header, side, nowNs);
        Drain(flow, ref tcp, packet.TimestampNs, nowNs);
        while (tcp.Held is { } held && IsTooMuch(flow, held, settings))
            GiveUpGap(flow, ref tcp, packet.TimestampNs, nowNs);
    }

    /// <summary>At a packet of the session: gives a gap up when it has lasted too long.</summary>
    public static void CheckTime(FlowSession flow, ref TcpState tcp, SessionSettings settings, in PacketRecord packet)
    {
        long nowNs = Math.Max(packet.ClockNs, packet.TimestampNs);
        long limitNs = settings.TcpGapTimeout * 1_000_000_000L;
        while (tcp.Held is { } held && limitNs > 0 && nowNs - held.SinceNs > limitNs)
            GiveUpGap(flow, ref tcp, packet.TimestampNs, held.SinceNs);
    }

    /// <summary>Says the end of a side to the parsers once all that comes before its FIN was handed on.</summary>
    public static void CheckEnd(FlowSession flow, in TcpStream stream, Side side, long timestampNs)
    {
        if (stream is { Following: true, FinSeen: true } && stream.NextSequence == stream.FinSequence && !flow.Parsers.IsEnded(side))
            End(flow, side, timestampNs);
    }

    /// <summary>The session ends: what waits is handed to the parsers, then the end of both sides.</summary>
    public static void Finish(FlowSession flow)
    {
        ref TcpState tcp = ref flow.Tcp;
        if (tcp.Held is { } held)
        {
            // One segment that pushes is all that it takes to know a protocol, even where what came before is missing; so does Arkime.
            bool alone = held.Count == 1 && tcp.Psh == 1;
            tcp.Stopped = true;
            while (tcp.Held is not null)
                SkipGap(flow, ref tcp, flow.LastNs, flow.LastNowNs, alone);
        }
        End(flow, Side.Client, flow.LastNs);
        End(flow, Side.Server, flow.LastNs);
    }

    private static void End(FlowSession flow, Side side, long timestampNs)
    {
        // A parser that was started since is told when the session ends; who was told is not told again.
        flow.Parsers.SetEnded(side);
        if (flow.Parsers.Wanting > 0)
            flow.Deliver(new StreamData(side, default, timestampNs) { End = true });
    }

    private static bool IsTooMuch(FlowSession flow, HeldSegments held, SessionSettings settings) =>
        held.Count > settings.MaxTcpOutOfOrderPackets || held.Bytes > settings.MaxTcpOutOfOrderBytes || flow.Parsing!.Segments.IsFull;

    private static void Hold(FlowSession flow, ref TcpState tcp, in TcpHeader header, Side side, long nowNs)
    {
        SegmentStore store = flow.Parsing!.Segments;
        ReadOnlySpan<byte> data = header.Data;
        int kept = data.Length;
        if (!flow.Parsing.Wants(flow, side))
            kept = flow.HasPayload(side) ? 0 : Math.Min(FlowSession.PayloadLength, kept);
        HeldSegment segment = store.Copy(data[..kept]);
        segment.Sequence = header.Sequence;
        segment.Acknowledged = header.Acknowledged;
        segment.Length = data.Length;
        if (tcp.Held is null)
        {
            tcp.Held = store.Take();
            tcp.Held.SinceNs = nowNs;
        }
        tcp.Held.Add(side, segment, store);
    }

    /// <summary>Hands on what fits by now.</summary>
    private static void Drain(FlowSession flow, ref TcpState tcp, long timestampNs, long nowNs)
    {
        while (tcp.Held is { } held)
        {
            if (!TryNext(in tcp, held, out Side side))
                return;
            Release(flow, ref tcp, side, timestampNs);
            held.SinceNs = nowNs;
        }
    }

    private static bool TryNext(in TcpState tcp, HeldSegments held, out Side side)
    {
        bool hasClient = held.TryPeek(Side.Client, out HeldSegment client);
        bool hasServer = held.TryPeek(Side.Server, out HeldSegment server);
        bool clientFits = hasClient && Fits(in tcp.Client, in client);
        bool serverFits = hasServer && Fits(in tcp.Server, in server);
        // A segment that acknowledges what the other side's first held one holds comes after that.
        bool clientAnswers = hasServer && (int)(client.Acknowledged - server.Sequence) > 0;
        bool serverAnswers = hasClient && (int)(server.Acknowledged - client.Sequence) > 0;
        bool clientFirst = clientFits && (!clientAnswers || (serverFits && serverAnswers && client.Arrival < server.Arrival));
        side = clientFirst ? Side.Client : Side.Server;
        return clientFirst || (serverFits && (!serverAnswers || (clientFits && clientAnswers)));

        static bool Fits(in TcpStream stream, in HeldSegment segment) =>
            stream.Following && (int)(segment.Sequence - stream.NextSequence) <= 0;
    }

    private static void GiveUpGap(FlowSession flow, ref TcpState tcp, long timestampNs, long nowNs)
    {
        if (!tcp.Stopped)
        {
            tcp.Stopped = true;
            flow.AddTag("incomplete-tcp"u8);
        }
        SkipGap(flow, ref tcp, timestampNs, nowNs, classify: false);
    }

    /// <summary>Goes on at the first segment that waits; or, where nobody looks any more, forgets them all.</summary>
    private static void SkipGap(FlowSession flow, ref TcpState tcp, long timestampNs, long nowNs, bool classify)
    {
        HeldSegments held = tcp.Held!;
        SegmentStore store = flow.Parsing!.Segments;
        store.Gaps++;
        tcp.Gaps++;
        if (!flow.Parsing.Wants(flow, Side.Client) && !flow.Parsing.Wants(flow, Side.Server))
        {
            tcp.Held = null;
            store.Return(held);
            return;
        }
        bool hasClient = held.TryPeek(Side.Client, out HeldSegment client);
        bool hasServer = held.TryPeek(Side.Server, out HeldSegment server);
        bool clientAnswers = hasServer && (int)(client.Acknowledged - server.Sequence) > 0;
        bool serverAnswers = hasClient && (int)(server.Acknowledged - client.Sequence) > 0;
        bool clientFirst = hasClient && (!hasServer || (clientAnswers == serverAnswers ? client.Arrival < server.Arrival : serverAnswers));
        Side side = clientFirst ? Side.Client : Side.Server;
        ref TcpStream stream = ref tcp[side];
        uint sequence = clientFirst ? client.Sequence : server.Sequence;
        classify &= !flow.Parsers.IsClassified(side);
        if (!stream.Following)
        {
            stream.Following = true;
            stream.FirstSequence = stream.NextSequence = sequence;
            stream.Missing = classify ? 0 : 1; // how much is not known
        }
        int gap = (int)(sequence - stream.NextSequence);
        if (gap > 0)
        {
            stream.NextSequence = sequence;
            stream.Missing = classify ? 0 : Add(stream.Missing, gap);
        }
        Release(flow, ref tcp, side, timestampNs);
        if (tcp.Held is not null)
            tcp.Held.SinceNs = nowNs;
        Drain(flow, ref tcp, timestampNs, nowNs);
    }

    private static void Release(FlowSession flow, ref TcpState tcp, Side side, long timestampNs)
    {
        HeldSegments held = tcp.Held!;
        SegmentStore store = flow.Parsing!.Segments;
        held.TryPeek(side, out HeldSegment segment);
        held.RemoveFirst(side);
        if (held.Count == 0)
        {
            tcp.Held = null;
            store.Return(held);
        }
        int skip = (int)(tcp[side].NextSequence - segment.Sequence);
        if (skip < segment.Length)
        {
            ReadOnlySpan<byte> bytes = segment.Page.AsSpan(0, segment.Kept);
            Deliver(flow, ref tcp, side, bytes[Math.Min(skip, segment.Kept)..], segment.Length - skip, timestampNs);
        }
        store.Free(in segment);
    }

    [MethodImpl(HotPath.Options)]
    private static void Deliver(FlowSession flow, ref TcpState tcp, Side side, ReadOnlySpan<byte> bytes, int length, long timestampNs)
    {
        ref TcpStream stream = ref tcp[side];
        stream.NextSequence += (uint)length;
        if (!tcp.Stopped)
        {
            flow.DataBytes.Add(side, length);
            flow.GatherPayload(side, bytes);
        }
        ref ActiveParsers parsers = ref flow.Parsers;
        if ((parsers.Wanting == 0 && parsers.IsClassified(side)) || parsers.IsEnded(side))
            return;
        if (bytes.Length < length)
        {
            // Not kept, because nobody wanted it when it came.
            stream.Missing = Add(stream.Missing, length);
            return;
        }
        int missing = stream.Missing;
        stream.Missing = 0;
        if (missing > 0)
            parsers.SetClassified(side, true); // what follows a gap is no beginning
        flow.Deliver(new StreamData(side, bytes, timestampNs) { GapBefore = missing });
        CheckEnd(flow, in stream, side, timestampNs);
    }

    private static int Add(int missing, int more) => (int)Math.Min((long)missing + more, int.MaxValue);
}
