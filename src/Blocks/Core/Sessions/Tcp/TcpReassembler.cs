using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Tcp;

/// <summary>
/// Puts the segments of both streams in order. What comes in order passes straight through; what comes early waits, until it fits or until
/// more than <c>maxTcpOutOfOrderPackets</c> wait, when the session's streams are given up and tagged <c>incomplete-tcp</c>. An answer waits
/// for the question that it acknowledges, so that what is counted and parsed comes in the order in which it was said.
/// </summary>
internal static class TcpReassembler
{
    public static void Add(FlowSession flow, ref TcpState tcp, in TcpHeader header, Side side, SessionSettings settings, long timestampNs)
    {
        ref TcpStream stream = ref tcp[side];
        uint sequence = header.Sequence;
        ReadOnlySpan<byte> data = header.Data;
        if (!stream.Following)
        {
            if (!settings.TcpMidstream || tcp.HandshakeSeen)
                return; // a stream whose beginning is missing
            stream.FirstSequence = stream.NextSequence = sequence;
            stream.Following = true;
        }
        int ahead = (int)(sequence - stream.NextSequence);
        if (ahead + data.Length <= 0)
            return; // seen before: a retransmission or a keep-alive
        bool waiting = tcp.Held is { Count: > 0 };
        if (ahead <= 0 && !waiting)
        {
            Deliver(flow, ref stream, side, data[-ahead..], data.Length + ahead, timestampNs);
            return;
        }
        if (waiting && tcp.HandshakeSeen && !stream.TaggedOutOfOrder)
        {
            stream.TaggedOutOfOrder = true;
            flow.AddTag(side == Side.Client ? "out-of-order-src"u8 : "out-of-order-dst"u8);
        }
        Hold(flow, ref tcp, in header, side, data);
        Drain(flow, ref tcp, timestampNs);
        if (tcp.Held!.Count > settings.MaxTcpOutOfOrderPackets)
        {
            tcp.Held.Clear(flow.Parsing!.Pool);
            tcp.Stopped = true;
            flow.AddTag("incomplete-tcp"u8);
        }
    }

    /// <summary>Says the end of both streams to the parsers.</summary>
    public static void Finish(FlowSession flow)
    {
        flow.Deliver(new StreamData(Side.Client, default, flow.LastNs) { End = true });
        flow.Deliver(new StreamData(Side.Server, default, flow.LastNs) { End = true });
    }

    private static void Hold(FlowSession flow, ref TcpState tcp, in TcpHeader header, Side side, ReadOnlySpan<byte> data)
    {
        BytePool pool = flow.Parsing!.Pool;
        int kept = flow.Parsing.Wants(flow, side) ? data.Length : Math.Min(FlowSession.PayloadLength, data.Length);
        byte[] page = pool.Rent(kept);
        data[..kept].CopyTo(page);
        var segment = new HeldSegment
        {
            Sequence = header.Sequence,
            Acknowledged = header.Acknowledged,
            Length = data.Length,
            Page = page,
            Kept = kept,
        };
        (tcp.Held ??= new HeldSegments()).Add(side, segment, pool);
    }

    private static void Drain(FlowSession flow, ref TcpState tcp, long timestampNs)
    {
        HeldSegments held = tcp.Held!;
        while (held.Count > 0)
        {
            bool hasClient = held.TryPeek(Side.Client, out HeldSegment client);
            bool hasServer = held.TryPeek(Side.Server, out HeldSegment server);
            bool clientFits = hasClient && (int)(client.Sequence - tcp.Client.NextSequence) <= 0;
            bool serverFits = hasServer && (int)(server.Sequence - tcp.Server.NextSequence) <= 0;
            // A segment that acknowledges what the other side's first held one holds comes after that.
            bool clientAnswers = hasServer && (int)(client.Acknowledged - server.Sequence) > 0;
            bool serverAnswers = hasClient && (int)(server.Acknowledged - client.Sequence) > 0;
            if (clientFits && (!clientAnswers || (serverFits && serverAnswers && client.Arrival < server.Arrival)))
                Release(flow, ref tcp, held, Side.Client, in client, timestampNs);
            else if (serverFits && (!serverAnswers || (clientFits && clientAnswers)))
                Release(flow, ref tcp, held, Side.Server, in server, timestampNs);
            else
                return;
        }
    }

    private static void Release(FlowSession flow, ref TcpState tcp, HeldSegments held, Side side, in HeldSegment segment, long timestampNs)
    {
        held.RemoveFirst(side);
        ref TcpStream stream = ref tcp[side];
        int skip = (int)(stream.NextSequence - segment.Sequence);
        if (skip < segment.Length)
        {
            ReadOnlySpan<byte> bytes = segment.Page.AsSpan(0, segment.Kept);
            Deliver(flow, ref stream, side, bytes[Math.Min(skip, segment.Kept)..], segment.Length - skip, timestampNs);
        }
        HeldSegments.Return(in segment, flow.Parsing!.Pool);
    }

    private static void Deliver(FlowSession flow, ref TcpStream stream, Side side, ReadOnlySpan<byte> bytes, int length, long timestampNs)
    {
        stream.NextSequence += (uint)length;
        flow.DataBytes.Add(side, length);
        flow.GatherPayload(side, bytes);
        if (bytes.Length == length)
            flow.Deliver(new StreamData(side, bytes, timestampNs));
    }
}
