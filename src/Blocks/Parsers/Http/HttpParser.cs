using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Http;

/// <summary>
/// HTTP/1 (RFC 9112): the messages of both sides, however many and however cut into segments. Heads are read line by line, so that a cut-off
/// one says what it can; bodies are passed on as they come, without being copied.
/// </summary>
internal sealed class HttpParser(HttpKinds kinds) : SessionParser
{
    private readonly HttpFields _fields = kinds.Fields;
    private readonly HttpStream _client = new(kinds.Fields);
    private readonly HttpStream _server = new(kinds.Fields);
    private readonly int[] _methodCounts = new int[HttpMethods.Counted.Length];
    private PendingRequests _pending;
    private bool _leaving; // what follows is another protocol
    private UpgradeTo _next;
    private bool _started;
    private Side _asks; // who sent the last request

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (!_started)
        {
            _client.BeginMessage(session);
            _server.BeginMessage(session);
            _started = true;
        }
        HttpStream stream = data.Side == Side.Client ? _client : _server;
        if (data.GapBefore > 0)
            OnGap(session, data.Side, stream, data.GapBefore);
        if (data.Bytes.Length > 0 && stream.State != HttpState.Dead)
        {
            ReadOnlySpan<byte> rest = stream.Kept.Join(session, data.Bytes);
            while (rest.Length > 0 && stream.State != HttpState.Dead && !_leaving && Step(session, data.Side, stream, ref rest)) { }
            if (_leaving)
                return HandOver(session, data.Side, rest, data.TimestampNs);
            if (stream.State != HttpState.Dead && !stream.Kept.Keep(session, rest))
                Die(session, data.Side, stream);
        }
        if (data.End)
        {
            stream.Body.End(session, data.Side, complete: stream.State == HttpState.UntilEnd);
            stream.State = HttpState.Dead;
        }
        return stream.State == HttpState.Dead ? Parsed.SideDone : Parsed.KeepGoing;
    }

    /// <inheritdoc/>
    public override void Save(Session session, bool final) => Array.Clear(_methodCounts);

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
        Array.Clear(_methodCounts);
        _pending = default;
        _leaving = _started = false;
        _asks = Side.Client;
        _next = UpgradeTo.None;
    }

    /// <summary>Takes the next thing off the front; false when more is needed for it.</summary>
    private bool Step(Session session, Side side, HttpStream stream, ref ReadOnlySpan<byte> rest)
    {
        switch (stream.State)
        {
            case HttpState.Start:
                return TakeStartLine(session, side, stream, ref rest);
            case HttpState.Headers:
            case HttpState.Trailers:
                return TakeHeader(session, side, stream, ref rest);
            case HttpState.Body:
            case HttpState.Chunk:
                TakeBody(session, side, stream, ref rest);
                return true;
            case HttpState.UntilEnd:
                stream.Body.Append(session, side, rest, last: false);
                rest = default;
                return true;
            case HttpState.ChunkSize:
                return TakeChunkSize(session, side, stream, ref rest);
            default:
                return TakeChunkEnd(session, side, stream, ref rest);
        }
    }

    private bool TakeStartLine(Session session, Side side, HttpStream stream, ref ReadOnlySpan<byte> rest)
    {
        rest = rest.TrimStart("\r\n"u8);
        if (rest.IsEmpty)
            return false;
        ReadOnlySpan<byte> before = rest;
        if (!Lines.TryTake(ref rest, out ReadOnlySpan<byte> text))
        {
            if (HttpMethods.MayBegin(rest))
                return false;
            NotHttp(session, side, stream);
            return true;
        }
        var line = StartLine.Of(text);
        if (!line.IsValid)
        {
            if (!line.Target.IsEmpty)
                HttpUri.AddUri(_fields, session, line.Target);
            rest = before;
            NotHttp(session, side, stream);
            return true;
        }
        stream.State = HttpState.Headers;
        stream.HeadLength = text.Length;
        stream.IsRequest = line.IsRequest;
        stream.Major = line.Major;
        stream.Minor = line.Minor;
        stream.Status = line.Status;
        if (line.IsRequest)
        {
            _asks = side;
            BeginRequest(session, stream, in line);
        }
        return true;
    }

    private static void BeginRequest(Session session, HttpStream stream, in StartLine line)
    {
        // Neither is recorded before the head's end.
        stream.Target.TryAppend(session, line.Target);
        stream.Method = line.Method;
        stream.Kind =
            line.Method.AsSpan().SequenceEqual("HEAD"u8) ? PendingRequest.Head
            : line.Method.AsSpan().SequenceEqual("CONNECT"u8) ? PendingRequest.Connect
            : PendingRequest.Other;
    }

    /// <summary>What follows a CONNECT may come before the answer to it.</summary>
    private void NotHttp(Session session, Side side, HttpStream stream)
    {
        if (side == Side.Client && _pending.IsConnect)
            _leaving = true;
        else
            Die(session, side, stream);
    }

    private bool TakeHeader(Session session, Side side, HttpStream stream, ref ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOf((byte)'\n');
        if (end < 0)
            return false;
        if (end == 0 || (end == 1 && rest[0] == '\r'))
        {
            rest = rest[(end + 1)..];
            if (stream.State == HttpState.Trailers)
                EndMessage(session, side, stream, bodyDone: false);
            else
                EndHead(session, side, stream);
            return true;
        }
        // A line that begins with a space goes on with the one before (RFC 9112 section 5.2): the next byte decides.
        bool folded = false;
        while (end + 1 < rest.Length && rest[end + 1] is (byte)' ' or (byte)'\t')
        {
            folded = true;
            int next = rest[(end + 1)..].IndexOf((byte)'\n');
            if (next < 0)
                return false;
            end += 1 + next;
        }
        if (end + 1 == rest.Length)
            return false;
        ReadOnlySpan<byte> line = rest[..end];
        rest = rest[(end + 1)..];
        stream.HeadLength += line.Length;
        if (stream.HeadLength > HttpStream.LongestHead)
            Die(session, side, stream);
        else if (folded)
            OnFolded(session, side, stream, line);
        else
            OnHeader(session, side, stream, line);
        return true;
    }

    private void OnFolded(Session session, Side side, HttpStream stream, ReadOnlySpan<byte> lines)
    {
        if (lines is [.., (byte)'\r'])
            lines = lines[..^1];
        byte[] one = session.Pool.Rent(lines.Length);
        int length = 0;
        foreach (byte value in lines)
        {
            // Line ends and the space around them become one space.
            bool space = value is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
            if (!space || length == 0 || one[length - 1] != ' ')
                one[length++] = space ? (byte)' ' : value;
        }
        OnHeader(session, side, stream, one.AsSpan(0, length));
        session.Pool.Return(one);
    }

    private void OnHeader(Session session, Side side, HttpStream stream, ReadOnlySpan<byte> line)
    {
        if (line is [.., (byte)'\r'])
            line = line[..^1];
        int colon = line.IndexOf((byte)':');
        ReadOnlySpan<byte> name = colon < 0 ? default : line[..colon];
        if (name.IsEmpty || name.ContainsAnyExcept(HttpSyntax.Token))
        {
            Die(session, side, stream);
            return;
        }
        ReadOnlySpan<byte> value = line[(colon + 1)..].TrimStart(" \t"u8);
        if (stream.State == HttpState.Headers && !OnFraming(session, stream, name, value))
        {
            Die(session, side, stream);
            return;
        }
        HttpHeaders.Add(_fields, session, IsRequest(side, stream), name, value);
    }

    /// <summary>Arkime takes all that one side says for requests: whoever asked last, at first who began the connection.</summary>
    private bool IsRequest(Side side, HttpStream stream) => _fields.Quirks ? side == _asks : stream.IsRequest;

    /// <summary>Headers that say how the message goes on; false when one can't be right.</summary>
    private static bool OnFraming(Session session, HttpStream stream, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (HttpHeaders.Is(name, "content-length"u8))
            return HttpSyntax.TryLength(value, out stream.ContentLength);
        if (HttpHeaders.Is(name, "transfer-encoding"u8))
        {
            stream.Coded = true;
            stream.Chunked = HttpSyntax.EndsWithWord(value, "chunked"u8);
        }
        else if (HttpHeaders.Is(name, "connection"u8) || HttpHeaders.Is(name, "proxy-connection"u8))
        {
            stream.Close |= HttpSyntax.HasWord(value, "close"u8);
            stream.KeepAlive |= HttpSyntax.HasWord(value, "keep-alive"u8);
            stream.ConnectionUpgrade |= HttpSyntax.HasWord(value, "upgrade"u8);
        }
        else if (HttpHeaders.Is(name, "upgrade"u8))
        {
            stream.Upgrade =
                HttpSyntax.HasWord(value, "websocket"u8) ? UpgradeTo.WebSocket
                : HttpSyntax.HasWord(value, "h2c"u8) ? UpgradeTo.Http2
                : UpgradeTo.Other;
        }
        else if (stream.IsRequest && HttpHeaders.Is(name, "host"u8))
        {
            stream.HasHost = true;
            stream.Host.TryAppend(session, value);
        }
        return true;
    }

    private void EndHead(Session session, Side side, HttpStream stream)
    {
        session.AddProtocol("http"u8);
        Span<byte> version = [(byte)('0' + stream.Major), (byte)'.', (byte)('0' + stream.Minor)];
        if (stream.IsRequest)
        {
            session.Fields.Add(_fields.RequestVersion, version);
            EndRequestHead(session, stream);
        }
        else
        {
            session.Fields.Add(_fields.StatusCode, stream.Status);
            session.Fields.Add(_fields.ResponseVersion, version);
            if (EndResponseHead(stream))
                return;
        }
        stream.Body.Begin(IsRequest(side, stream));
        Frame(session, side, stream);
    }

    private void EndRequestHead(Session session, HttpStream stream)
    {
        ReadOnlySpan<byte> target = stream.Target.Bytes;
        session.Fields.Add(_fields.Method, stream.Method);
        if (HttpMethods.Count(stream.Method) is >= 0 and var counted)
            session.Fields.Add(_fields.MethodCounts[counted], ++_methodCounts[counted]);
        if (stream.HasHost)
            HttpUri.Add(_fields, session, stream.Host.Bytes, target);
        else
            HttpUri.AddUri(_fields, session, target);
        _pending.Push(stream.Kind);
    }

    /// <summary>Returns true when the response switches to another protocol.</summary>
    private bool EndResponseHead(HttpStream stream)
    {
        bool interim = stream.Status / 100 == 1;
        if (!interim || stream.Status == 101)
            stream.Kind = _pending.Pop();
        if (stream.Status == 101)
        {
            _leaving = true;
            _next = stream.Upgrade;
        }
        else if (stream.Kind == PendingRequest.Connect && stream.Status / 100 == 2)
            _leaving = true;
        return _leaving;
    }

    /// <summary>How long the body is (RFC 9112 section 6.3).</summary>
    private static void Frame(Session session, Side side, HttpStream stream)
    {
        bool none = !stream.IsRequest && (stream.Kind == PendingRequest.Head || stream.Status / 100 == 1 || stream.Status is 204 or 304);
        if (none || (stream.IsRequest && stream.Kind == PendingRequest.Connect))
            EndMessage(session, side, stream, bodyDone: true);
        else if (stream.Chunked)
            stream.State = HttpState.ChunkSize;
        else if (stream.ContentLength > 0 && !stream.Coded)
        {
            stream.State = HttpState.Body;
            stream.Remaining = stream.ContentLength;
        }
        else if (stream.IsRequest || (stream.ContentLength == 0 && !stream.Coded))
            EndMessage(session, side, stream, bodyDone: true);
        else
            stream.State = HttpState.UntilEnd;
    }

    private static void TakeBody(Session session, Side side, HttpStream stream, ref ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> piece = rest[..(int)Math.Min(rest.Length, stream.Remaining)];
        rest = rest[piece.Length..];
        stream.Remaining -= piece.Length;
        bool done = stream.Remaining == 0;
        bool last = done && stream.State == HttpState.Body;
        stream.Body.Append(session, side, piece, last);
        if (last)
            EndMessage(session, side, stream, bodyDone: true);
        else if (done)
            stream.State = HttpState.ChunkEnd;
    }

    /// <summary>The line before a chunk (RFC 9112 section 7.1): its length in hexadecimal digits, extensions after a semicolon.</summary>
    private static bool TakeChunkSize(Session session, Side side, HttpStream stream, ref ReadOnlySpan<byte> rest)
    {
        if (!Lines.TryTake(ref rest, out ReadOnlySpan<byte> line))
            return false;
        if (!HttpSyntax.TryChunkSize(line, out stream.Remaining))
            Die(session, side, stream);
        else
            stream.State = stream.Remaining > 0 ? HttpState.Chunk : HttpState.Trailers;
        return true;
    }

    private static bool TakeChunkEnd(Session session, Side side, HttpStream stream, ref ReadOnlySpan<byte> rest)
    {
        if (rest[0] == '\r')
        {
            if (rest.Length < 2)
                return false;
            rest = rest[1..];
        }
        if (rest[0] == '\n')
        {
            rest = rest[1..];
            stream.State = HttpState.ChunkSize;
        }
        else
            Die(session, side, stream);
        return true;
    }

    private static void EndMessage(Session session, Side side, HttpStream stream, bool bodyDone)
    {
        if (!bodyDone)
            stream.Body.End(session, side, complete: true);
        bool goesOn = stream.IsPersistent || stream is { IsRequest: true, Kind: PendingRequest.Connect };
        stream.BeginMessage(session);
        if (!goesOn)
            Die(session, side, stream);
    }

    private static void Die(Session session, Side side, HttpStream stream)
    {
        stream.Body.End(session, side, complete: false);
        stream.Free(session);
        stream.State = HttpState.Dead;
    }

    private static void OnGap(Session session, Side side, HttpStream stream, int missing)
    {
        switch (stream.State)
        {
            case HttpState.UntilEnd:
                stream.Body.Gap();
                break;
            case HttpState.Body when missing < stream.Remaining:
                stream.Body.Gap();
                stream.Remaining -= missing;
                break;
            case not HttpState.Dead:
                Die(session, side, stream);
                break;
        }
    }

    /// <summary>The rest of this session is another protocol.</summary>
    private Parsed HandOver(Session session, Side side, ReadOnlySpan<byte> rest, long timestampNs)
    {
        switch (_next)
        {
            case UpgradeTo.WebSocket:
                session.AddProtocol("websocket"u8);
                Start(session.Add(kinds.WebSocket), side, rest);
                break;
            case UpgradeTo.Http2:
                session.AddProtocol("http2"u8);
                Start(session.Add(kinds.Http2), side, rest);
                break;
            default:
                session.Classify(side, rest);
                break;
        }
        return Parsed.Unregister;

        void Start(SessionParser? parser, Side from, ReadOnlySpan<byte> bytes)
        {
            if (bytes.Length > 0)
                parser?.Parse(session, new StreamData(from, bytes, timestampNs));
        }
    }
}
