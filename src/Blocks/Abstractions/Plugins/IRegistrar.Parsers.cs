using FlowPipe.Schemas;

namespace FlowPipe.Abstractions;

/// <summary>What parsers register: classifiers, which look at the first data of each side, and the parsers that they start.</summary>
public partial interface IRegistrar
{
    /// <summary>Defines a field that the dictionary does not have; it goes to the record's map <c>custom</c>.</summary>
    /// <param name="name">Its name; must not be taken.</param>
    /// <param name="type">Text, integer or address, one or a set.</param>
    /// <param name="help">What it says.</param>
    CustomField Define(string name, SpiType type, string help);

    /// <summary>Registers a kind of parser; the partitions pool its instances.</summary>
    /// <param name="name">Its name, in logs and tags; must not be taken.</param>
    /// <param name="create">Makes one.</param>
    ParserKind<T> Parser<T>(string name, Func<T> create)
        where T : SessionParser;

    /// <summary>Registers a sub-parser under the name that <see cref="Session.Sub"/> finds it by; one is made for each partition.</summary>
    void Sub(string name, Func<SubParser> create);

    /// <summary>Registers a classifier for TCP streams that begin with, or have at an offset, these bytes.</summary>
    /// <param name="name">The protocol's name.</param>
    /// <param name="offset">Where the bytes are in the first segment's data.</param>
    /// <param name="match">The bytes; none: every stream.</param>
    /// <param name="classify">Called when they are there; null: the name is added to the session's protocols.</param>
    void Tcp(string name, int offset, ReadOnlySpan<byte> match, Classifier? classify = null);

    /// <summary>The same for each side's first datagram of a UDP session.</summary>
    void Udp(string name, int offset, ReadOnlySpan<byte> match, Classifier? classify = null);

    /// <summary>The same for each side's first message of an SCTP session.</summary>
    void Sctp(string name, int offset, ReadOnlySpan<byte> match, Classifier? classify = null);

    /// <summary>Registers a classifier for the sessions of a port, called for each side's first data.</summary>
    /// <param name="name">The protocol's name.</param>
    /// <param name="type">TCP, UDP or SCTP.</param>
    /// <param name="port">The port.</param>
    /// <param name="side">Whose port it is: <see cref="Side.Server"/> the destination's, <see cref="Side.Client"/> the source's; null either's.</param>
    /// <param name="classify">Called for it; null: the name is added to the session's protocols.</param>
    void Port(string name, SessionType type, ushort port, Side? side = null, Classifier? classify = null);
}
