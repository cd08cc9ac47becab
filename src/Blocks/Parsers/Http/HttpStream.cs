using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Http;

/// <summary>Where in a message one side is.</summary>
internal enum HttpState : byte
{
    Start,
    Headers,
    Body, // so many bytes
    UntilEnd, // all that follows
    ChunkSize,
    Chunk,
    ChunkEnd, // the line end after a chunk
    Trailers,
    Dead, // nothing more is read of this side
}

/// <summary>What an upgrade switches to.</summary>
internal enum UpgradeTo : byte
{
    None,
    Other,
    WebSocket,
    Http2,
}

/// <summary>One side's messages, one after the other: the message that is being read.</summary>
internal sealed class HttpStream(HttpFields fields)
{
    /// <summary>Bytes of a message before its body.</summary>
    public const int LongestHead = 80 * 1024;

    public readonly StreamBuffer Kept = new(LongestHead);
    public readonly StreamBuffer Target = new(LongestHead);
    public readonly StreamBuffer Host = new(LongestHead);
    public readonly HttpBody Body = new(fields);
    public HttpState State;
    public bool IsRequest;
    public byte[] Method = [];
    public byte Major;
    public byte Minor;
    public int Status;
    public int HeadLength; // bytes of it so far
    public long Remaining; // bytes of the body, or of the chunk
    public bool HasHost;

    // What its headers say about how it goes on
    public long ContentLength; // −1: not said
    public bool Chunked; // the last transfer coding
    public bool Coded; // there is any
    public bool Close;
    public bool KeepAlive;
    public bool ConnectionUpgrade;
    public UpgradeTo Upgrade;
    public PendingRequest Kind; // of the request that it is, or that it answers

    /// <summary>Before the next message.</summary>
    public void BeginMessage(Session session)
    {
        Target.Free(session);
        Host.Free(session);
        State = HttpState.Start;
        HeadLength = 0;
        Remaining = 0;
        ContentLength = -1;
        HasHost = Chunked = Coded = Close = KeepAlive = ConnectionUpgrade = false;
        Upgrade = UpgradeTo.None;
        Kind = PendingRequest.Other;
    }

    /// <summary>Whether another message may follow (RFC 9112 section 9.3). Interim responses never end a connection.</summary>
    public bool IsPersistent => (!IsRequest && Status / 100 == 1) || (Major > 0 && Minor > 0 ? !Close : KeepAlive);

    public void Free(Session session)
    {
        Kept.Free(session);
        Body.Free(session);
        BeginMessage(session);
    }
}
