namespace FlowPipe.Abstractions;

public abstract partial class Session
{
    /// <summary>The partition's memory, for what parsers keep.</summary>
    public abstract IBytePool Pool { get; }

    /// <summary>Whether a protocol was recognised.</summary>
    public abstract bool HasProtocol(ReadOnlySpan<byte> name);

    /// <summary>Whether a tag was added.</summary>
    public abstract bool HasTag(ReadOnlySpan<byte> tag);

    /// <summary>
    /// Starts a parser on this session. Called by a classifier it gets the data in hand too; called by another parser, what follows. Where
    /// one of its kind is at work already, that one is returned.
    /// </summary>
    /// <returns>The parser; null when the session has as many as it may have.</returns>
    public abstract T? Add<T>(ParserKind<T> kind)
        where T : SessionParser;

    /// <summary>The parser of a kind that is at work on this session.</summary>
    public abstract T? Find<T>(ParserKind<T> kind)
        where T : SessionParser;

    /// <summary>Whether a parser of a kind is at work on this session.</summary>
    public abstract bool HasParser(ParserKind kind);

    /// <summary>The sub-parser of a name; null when no plugin has it.</summary>
    public abstract SubParser? Sub(string name);

    /// <summary>
    /// For a parser whose protocol ends here and another begins (CONNECT, Upgrade, STARTTLS, a proxy's header): it leaves the session, whatever
    /// it returns, and both sides are classified anew: this one now, by these bytes where there are any, the other by what it sends next.
    /// Outside of a parser, only the latter.
    /// </summary>
    /// <param name="side">Whose bytes these are.</param>
    /// <param name="bytes">What follows the protocol's end in the data in hand; may be empty.</param>
    public abstract void Classify(Side side, ReadOnlySpan<byte> bytes);

    /// <summary>
    /// For protocols that make sessions and carry data of others (TCP, UDP, SCTP): classifies the first data of each side and hands all of it
    /// to the session's parsers.
    /// </summary>
    public abstract void Deliver(in StreamData data);

    /// <summary>Adds an integer to a plugin's own field.</summary>
    public abstract bool Add(CustomField field, long value);

    /// <summary>Adds a text to a plugin's own field; an address is given as text.</summary>
    public abstract bool Add(CustomField field, ReadOnlySpan<byte> utf8);
}
