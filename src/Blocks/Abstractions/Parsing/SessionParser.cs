namespace FlowPipe.Abstractions;

/// <summary>What becomes of a parser after a piece of data.</summary>
public enum Parsed : byte
{
    /// <summary>It wants what follows.</summary>
    KeepGoing,

    /// <summary>It wants no more of this side; the other side's data still comes.</summary>
    SideDone,

    /// <summary>It wants nothing more: it is freed at once, and the rest of the session costs no parsing.</summary>
    Unregister,
}

/// <summary>
/// One protocol's state on one session. Registered with <see cref="Session.Add{T}"/>, pooled by the partition: after <see cref="Free"/> it must
/// be as new, because another session gets it. Runs in one partition, so it needs no lock and may keep scratch memory.
/// </summary>
/// <remarks>
/// Malformed input is <see cref="Parsed.Unregister"/>, and a tag if that says something; never an exception. An exception is a bug: it ends
/// a test, and in production costs this session this parser (docs/writing-a-parser.md).
/// </remarks>
public abstract class SessionParser
{
    /// <summary>Takes a piece of data, in the order in which both sides said it.</summary>
    public abstract Parsed Parse(Session session, in StreamData data);

    /// <summary>Before a record is made: the moment to add what is only known by now.</summary>
    /// <param name="session">The session.</param>
    /// <param name="final">False when the session goes on in a linked record.</param>
    public virtual void Save(Session session, bool final) { }

    /// <summary>It leaves the session: gives back its memory and forgets all it knew.</summary>
    public virtual void Free(Session session) { }
}

/// <summary>A kind of parser, as <see cref="IRegistrar.Parser{T}"/> gives it: what <see cref="Session.Add{T}"/> takes.</summary>
public abstract class ParserKind
{
    private protected ParserKind(string name, int number)
    {
        Name = name;
        Number = number;
    }

    /// <summary>Its name, in logs and tags.</summary>
    public string Name { get; }

    /// <summary>Its number, from 0 in the order of registration.</summary>
    public int Number { get; }

    /// <summary>Makes one more: only when the partition's pool has none.</summary>
    public abstract SessionParser Create();
}

/// <summary>A kind of parser whose class is known.</summary>
/// <typeparam name="T">Its class.</typeparam>
/// <param name="name">Its name, in logs and tags.</param>
/// <param name="number">Its number, from 0 in the order of registration.</param>
/// <param name="create">Makes one.</param>
public sealed class ParserKind<T>(string name, int number, Func<T> create) : ParserKind(name, number)
    where T : SessionParser
{
    /// <inheritdoc/>
    public override SessionParser Create() => create();
}
