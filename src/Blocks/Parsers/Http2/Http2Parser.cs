using System.Buffers.Text;
using FlowPipe.Abstractions;
using FlowPipe.Parsers.Http;

namespace FlowPipe.Parsers.Http2;

/// <summary>
/// HTTP/2 in the clear (RFC 9113): headers of both sides, and bodies as their DATA frames come, however segments cut them.
/// <code>
/// client: PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n | frames …      server: | frames …
/// </code>
/// </summary>
internal sealed class Http2Parser(HttpFields fields) : SessionParser
{
    /// <summary>Streams whose bodies are followed at a time.</summary>
    private const int MostExchanges = 64;

    private readonly Http2Side _client = new();
    private readonly Http2Side _server = new();
    private readonly List<Http2Exchange> _exchanges = [];
    private Side _asks; // whose preface it was

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        Http2Side side = data.Side == Side.Client ? _client : _server;
        if (data.GapBefore > 0)
            side.Dead = true;
        if (side.Dead || data.Bytes.IsEmpty)
            return side.Dead ? Parsed.SideDone : Parsed.KeepGoing;
        ReadOnlySpan<byte> rest = side.Kept.Join(session, data.Bytes);
        while (rest.Length > 0 && !side.Dead && Step(session, data.Side, side, ref rest)) { }
        if (!side.Dead && side.Kept.Keep(session, rest))
            return Parsed.KeepGoing;
        side.Dead = true;
        side.Kept.Free(session);
        return Parsed.SideDone;
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
        foreach (Http2Exchange exchange in _exchanges)
            exchange.Free(session);
        _asks = Side.Client;
    }

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    private bool Step(Session session, Side from, Http2Side side, ref ReadOnlySpan<byte> rest)
    {
        if (!side.Begun)
            return TakePreface(from, side, ref rest);
        if (side.DataLeft > 0)
        {
            TakeData(session, from, side, ref rest);
            return true;
        }
        if (side.Skip > 0)
        {
            int skipped = (int)Math.Min(side.Skip, rest.Length);
            side.Skip -= skipped;
            rest = rest[skipped..];
            return true;
        }
        return TakeFrame(session, from, side, ref rest);
    }

    private bool TakePreface(Side from, Http2Side side, ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < Preface.Length && Preface.StartsWith(rest))
            return false;
        side.Begun = true;
        if (!rest.StartsWith(Preface))
            return true;
        _asks = from;
        rest = rest[Preface.Length..];
        return true;
    }

    private bool TakeFrame(Session session, Side from, Http2Side side, ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < Http2Frame.HeaderLength)
            return false;
        var frame = new Http2Frame(rest);
        ReadOnlySpan<byte> payload = rest[Http2Frame.HeaderLength..];
        if (frame.Type == Http2FrameType.Data)
        {
            if (frame.IsPadded && payload.IsEmpty && frame.Length > 0)
                return false;
            rest = payload;
            BeginData(session, from, side, frame, ref rest);
            return true;
        }
        if (!frame.IsNeededWhole)
        {
            side.Skip = frame.Length;
            rest = payload;
            return true;
        }
        if (frame.Length > Http2Side.LongestBlock)
        {
            side.Dead = true;
            return true;
        }
        if (payload.Length < frame.Length)
            return false;
        rest = payload[frame.Length..];
        OnFrame(session, from, side, frame, payload[..frame.Length]);
        return true;
    }

    private void OnFrame(Session session, Side from, Http2Side side, Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        if (frame.Type == Http2FrameType.ResetStream)
        {
            if (Find(frame.Stream) is { } reset)
                Release(session, reset);
            return;
        }
        var reader = new PacketReader(payload);
        int padding = frame.IsPadded && frame.Type != Http2FrameType.Continuation ? reader.U8() : 0;
        if (frame.Type == Http2FrameType.PushPromise)
            reader.Skip(4);
        else if (frame.Type == Http2FrameType.Headers && frame.HasPriority)
            reader.Skip(5);
        ReadOnlySpan<byte> fragment = reader.Take(reader.Remaining - padding);
        if (reader.Failed)
        {
            side.Dead = true;
            return;
        }
        if (frame.Type == Http2FrameType.Headers)
            OnHeaders(session, from, frame);
        if (side.Block.Length == 0 && frame.EndsHeaders)
            ReadBlock(session, from, side, fragment);
        else if (!side.Block.TryAppend(session, fragment))
            side.Dead = true;
        else if (frame.EndsHeaders)
        {
            ReadBlock(session, from, side, side.Block.Bytes);
            side.Block.Free(session);
        }
    }

    private void OnHeaders(Session session, Side from, Http2Frame frame)
    {
        Http2Exchange? exchange = Find(frame.Stream) ?? Open(frame.Stream);
        if (exchange is null || !frame.EndsStream)
            return;
        exchange.Body(from).End(session, from, complete: true);
        EndSide(session, from, exchange);
    }

    private void ReadBlock(Session session, Side from, Http2Side side, ReadOnlySpan<byte> block)
    {
        byte[] scratch = session.Pool.Rent(HpackReader.ScratchFor(side.Table, block.Length));
        var reader = new HpackReader(session, side.Table, block, scratch);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name is [(byte)':', ..])
                OnPseudoHeader(session, name, value);
            else if (name.Length > 0)
                HttpHeaders.Add(fields, session, from == _asks, name, value);
        }
        session.Pool.Return(scratch);
        side.Dead |= reader.Failed;
    }

    /// <summary>What a start line says in HTTP/1 (section 8.3).</summary>
    private void OnPseudoHeader(Session session, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual(":method"u8))
            session.Fields.AddText(fields.Method, value, TextEncoding.Utf8OrLatin1);
        else if (name.SequenceEqual(":authority"u8))
            session.Fields.AddText(fields.Host, HttpUri.WithoutPort(value), TextEncoding.Utf8OrLatin1);
        else if (name.SequenceEqual(":path"u8))
            HttpUri.AddTarget(fields, session, value);
        else if (name.SequenceEqual(":status"u8) && Utf8Parser.TryParse(value, out ushort status, out int used) && used == value.Length)
            session.Fields.Add(fields.StatusCode, status);
    }

    private void BeginData(Session session, Side from, Http2Side side, Http2Frame frame, ref ReadOnlySpan<byte> rest)
    {
        int length = frame.Length;
        side.Padding = 0;
        if (frame.IsPadded && length > 0)
        {
            side.Padding = rest[0];
            rest = rest[1..];
            length--;
        }
        if (side.Padding > length)
        {
            side.Dead = true;
            return;
        }
        side.Exchange = Find(frame.Stream);
        side.DataEnds = frame.EndsStream;
        if (side.Exchange is null)
        {
            if (_exchanges.Count < MostExchanges)
                session.AddTag("http2:data-frame-after-close"u8);
            side.Skip = length;
            return;
        }
        side.DataLeft = length - side.Padding;
        if (side.DataLeft == 0)
            EndData(session, from, side);
    }

    private void TakeData(Session session, Side from, Http2Side side, ref ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> piece = rest[..Math.Min(rest.Length, side.DataLeft)];
        rest = rest[piece.Length..];
        side.DataLeft -= piece.Length;
        side.Exchange!.Body(from).Append(session, from, piece, last: side.DataLeft == 0 && side.DataEnds);
        if (side.DataLeft == 0)
            EndData(session, from, side);
    }

    private void EndData(Session session, Side from, Http2Side side)
    {
        side.Skip = side.Padding;
        if (side.DataEnds)
        {
            side.Exchange!.Body(from).End(session, from, complete: true);
            EndSide(session, from, side.Exchange);
        }
        side.Exchange = null;
    }

    private void EndSide(Session session, Side from, Http2Exchange exchange)
    {
        if (from == Side.Client)
            exchange.ClientEnded = true;
        else
            exchange.ServerEnded = true;
        if (exchange.ClientEnded && exchange.ServerEnded)
            Release(session, exchange);
    }

    /// <summary>Another stream may have its place; what still comes of it is passed over.</summary>
    private void Release(Session session, Http2Exchange exchange)
    {
        Leave(_client);
        Leave(_server);
        exchange.Free(session);

        void Leave(Http2Side side)
        {
            if (side.Exchange != exchange)
                return;
            side.Exchange = null;
            side.Skip += side.DataLeft > 0 ? side.DataLeft + side.Padding : 0;
            side.DataLeft = 0;
        }
    }

    private Http2Exchange? Find(uint stream)
    {
        foreach (Http2Exchange exchange in _exchanges)
        {
            if (exchange.Stream == stream && stream != 0)
                return exchange;
        }
        return null;
    }

    private Http2Exchange? Open(uint stream)
    {
        Http2Exchange? free = null;
        foreach (Http2Exchange exchange in _exchanges)
        {
            if (exchange.Stream == 0)
                free = exchange;
        }
        if (free is null && _exchanges.Count < MostExchanges)
            _exchanges.Add(free = new Http2Exchange(fields));
        if (free is not null)
            free.Stream = stream;
        return free;
    }
}
