using FlowPipe.Schemas;

namespace FlowPipe.Abstractions;

/// <summary>
/// Parses one thing that several protocols contain (a certificate, an NTLM message, a file's first bytes) and that lies whole in memory. Found
/// by name (<see cref="Session.Sub"/>), so that anybody's parser can use it; one a partition, so it may keep scratch memory but nothing of a
/// session.
/// </summary>
public abstract class SubParser
{
    /// <summary>Parses it and adds what it finds to the session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="side">Who sent it.</param>
    /// <param name="data">All of it; borrowed.</param>
    /// <param name="into">The field for its result, where it has one result and the caller knows what for; else no field.</param>
    /// <returns>Whether it was what this parser parses.</returns>
    public abstract bool Parse(Session session, Side side, ReadOnlySpan<byte> data, SpiField into = default);
}
