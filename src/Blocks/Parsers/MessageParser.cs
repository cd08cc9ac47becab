using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>
/// For protocols of messages that say how long they are: over TCP it cuts both sides' streams into messages, over UDP and SCTP a datagram is one.
/// A gap ends it, because the place where the next message begins is lost with it.
/// </summary>
/// <param name="longest">Bytes of a message that are kept at most until its end has come.</param>
internal abstract class MessageParser(int longest) : SessionParser
{
    /// <summary>What <see cref="Measure"/> returns when too little has come to say.</summary>
    protected const int Incomplete = 0;

    /// <summary>What <see cref="Measure"/> returns for what cannot be a message.</summary>
    protected const int Malformed = -1;

    private readonly StreamBuffer _client = new(longest);
    private readonly StreamBuffer _server = new(longest);
    private int _clientSkips;
    private int _serverSkips;
    private int _clientUnfinished;
    private int _serverUnfinished;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (data.GapBefore > 0)
            return Parsed.Unregister;
        if (data.Bytes.IsEmpty)
            return Parsed.KeepGoing;
        if (session.Protocol.Type != SessionType.Tcp)
            return Read(session, data.Side, data.Bytes) ? Parsed.KeepGoing : Parsed.Unregister;
        bool fromClient = data.Side == Side.Client;
        StreamBuffer kept = fromClient ? _client : _server;
        ref int skips = ref fromClient ? ref _clientSkips : ref _serverSkips;
        ReadOnlySpan<byte> rest = data.Bytes;
        if (skips > 0)
        {
            int skipped = Math.Min(skips, rest.Length);
            skips -= skipped;
            rest = rest[skipped..];
            if (rest.IsEmpty)
                return Parsed.KeepGoing;
        }
        rest = kept.Join(session, rest);
        while (!rest.IsEmpty)
        {
            int length = Measure(rest);
            if (length < 0)
            {
                OnMalformed(session);
                return Parsed.Unregister;
            }
            if (length > longest && length > rest.Length)
            {
                if (!SkipsLong(session, data.Side, rest, length))
                    return Parsed.Unregister;
                skips = length - rest.Length;
                rest = default;
            }
            if (length == Incomplete || length > rest.Length)
                break;
            if (!Read(session, data.Side, rest[..length]))
                return Parsed.Unregister;
            rest = rest[length..];
        }
        return kept.Keep(session, rest) ? Parsed.KeepGoing : Parsed.Unregister;
    }

    /// <inheritdoc/>
    public override void Save(Session session, bool final)
    {
        // Once for what came, however many records follow
        if (_client.Length > 0 && _client.Length != _clientUnfinished)
            ReadUnfinished(session, Side.Client, _client.Bytes);
        if (_server.Length > 0 && _server.Length != _serverUnfinished)
            ReadUnfinished(session, Side.Server, _server.Bytes);
        _clientUnfinished = _client.Length;
        _serverUnfinished = _server.Length;
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
        _clientSkips = _serverSkips = 0;
        _clientUnfinished = _serverUnfinished = 0;
    }

    /// <summary>Length of the message that a stream goes on with.</summary>
    protected abstract int Measure(ReadOnlySpan<byte> bytes);

    /// <summary>Reads a message.</summary>
    /// <returns>Whether the parser stays.</returns>
    protected abstract bool Read(Session session, Side side, ReadOnlySpan<byte> message);

    /// <summary>A stream goes on with what cannot be a message: the parser leaves.</summary>
    protected virtual void OnMalformed(Session session) { }

    /// <summary>Reads what came of a message whose end did not come before the record.</summary>
    protected virtual void ReadUnfinished(Session session, Side side, ReadOnlySpan<byte> beginning) { }

    /// <summary>Whether a message that is too long is stepped over; else the parser leaves.</summary>
    /// <param name="session">The session, to be tagged.</param>
    /// <param name="side">Who sends it.</param>
    /// <param name="beginning">What has come of it.</param>
    /// <param name="length">How long it is.</param>
    protected virtual bool SkipsLong(Session session, Side side, ReadOnlySpan<byte> beginning, int length) => false;
}
