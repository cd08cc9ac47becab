using FlowPipe.Abstractions;
using FlowPipe.Parsers.Http;

namespace FlowPipe.Parsers.Http2;

/// <summary>One side of a connection: the frame that is being read, and the table that its header blocks refer to.</summary>
internal sealed class Http2Side
{
    /// <summary>Bytes of a frame with headers, or of a block that several carry.</summary>
    public const int LongestBlock = 64 * 1024;

    public readonly StreamBuffer Kept = new(LongestBlock + Http2Frame.HeaderLength);
    public readonly StreamBuffer Block = new(LongestBlock);
    public readonly HpackTable Table = new();
    public bool Begun;
    public bool Dead;
    public long Skip; // bytes of a frame that are not wanted

    // The DATA frame whose bytes come
    public Http2Exchange? Exchange;
    public int DataLeft; // without the padding, which is skipped
    public int Padding;
    public bool DataEnds; // it is its stream's last

    public void Free(Session session)
    {
        Kept.Free(session);
        Block.Free(session);
        Table.Free(session);
        Begun = Dead = DataEnds = false;
        Skip = 0;
        Exchange = null;
        DataLeft = Padding = 0;
    }
}

/// <summary>A stream of HTTP/2: a request and its response.</summary>
internal sealed class Http2Exchange(HttpFields fields)
{
    public readonly HttpBody ClientBody = new(fields);
    public readonly HttpBody ServerBody = new(fields);
    public uint Stream; // its number; 0 while it is free
    public bool ClientEnded;
    public bool ServerEnded;

    public HttpBody Body(Side side) => side == Side.Client ? ClientBody : ServerBody;

    public void Free(Session session)
    {
        ClientBody.Free(session);
        ServerBody.Free(session);
        Stream = 0;
        ClientEnded = ServerEnded = false;
    }
}
