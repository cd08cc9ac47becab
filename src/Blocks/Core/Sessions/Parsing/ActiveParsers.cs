using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Parsing;

/// <summary>A parser at work on a session.</summary>
internal struct ActiveParser
{
    public SessionParser? Parser; // null: it has left
    public int Kind;
    public bool ClientDone; // wants no more of the client's data
    public bool ServerDone;
    public bool ClientEndTold;
    public bool ServerEndTold;
    public bool Leaving; // it has handed the session over and is freed when it returns

    /// <summary>Whether the end of a side is news to it: it is told once, whenever it was started.</summary>
    public bool TellEnd(Side side)
    {
        bool told = side == Side.Client ? ClientEndTold : ServerEndTold;
        if (side == Side.Client)
            ClientEndTold = true;
        else
            ServerEndTold = true;
        return !told;
    }

    public void SetDone(Side side)
    {
        if (side == Side.Client)
            ClientDone = true;
        else
            ServerDone = true;
    }

    public readonly bool IsDone(Side side) => side == Side.Client ? ClientDone : ServerDone;
}

/// <summary>The parsers of one session, and what has been classified. The array stays with the session when it is recycled.</summary>
internal struct ActiveParsers
{
    public ActiveParser[]? Slots;
    public byte Count; // slots in use, those that were left included
    public byte Wanting; // parsers at work
    public byte Depth; // calls of a parser inside another's
    public bool ClientClassified;
    public bool ServerClassified;
    public bool ClientEnded;
    public bool ServerEnded;
    public bool Off; // nothing is classified or parsed any more
    public byte Current; // slot whose parser is being called, plus 1

    public readonly bool IsClassified(Side side) => side == Side.Client ? ClientClassified : ServerClassified;

    public void SetClassified(Side side, bool value)
    {
        if (side == Side.Client)
            ClientClassified = value;
        else
            ServerClassified = value;
    }

    public readonly bool IsEnded(Side side) => side == Side.Client ? ClientEnded : ServerEnded;

    public void SetEnded(Side side)
    {
        if (side == Side.Client)
            ClientEnded = true;
        else
            ServerEnded = true;
    }
}
