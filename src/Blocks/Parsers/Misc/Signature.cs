using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Misc;

/// <summary>Which transports a signature holds for.</summary>
[Flags]
internal enum Over : byte
{
    Tcp = 1,
    Udp = 2,
    Both = Tcp | Udp,
}

/// <summary>Whether first bytes that begin as they should, or came over the right port, are the protocol's indeed.</summary>
internal delegate bool Check(Session session, ReadOnlySpan<byte> bytes);

/// <summary>A protocol that is known by its first bytes.</summary>
/// <param name="Name">What is added to the session's protocols.</param>
/// <param name="Over">Over which transports.</param>
/// <param name="Bytes">The bytes, each a character of the same number (U+0000 to U+00FF).</param>
/// <param name="Offset">Where they are in the first data of a side.</param>
/// <param name="Check">What else must hold.</param>
internal sealed record Signature(string Name, Over Over, string Bytes, int Offset = 0, Check? Check = null);

/// <summary>A protocol that is known by its port.</summary>
/// <param name="Name">What is added to the session's protocols.</param>
/// <param name="Type">Over which transport.</param>
/// <param name="Port">The port.</param>
/// <param name="Side">Whose port it is; null for either's.</param>
/// <param name="Check">What else must hold; it is given two bytes at least.</param>
internal sealed record PortSignature(string Name, SessionType Type, ushort Port, Side? Side = null, Check? Check = null);
