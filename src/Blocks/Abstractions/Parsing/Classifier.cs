namespace FlowPipe.Abstractions;

/// <summary>
/// Looks at the first data of one side, whose prefix or port was registered: adds a protocol, or a parser, or nothing. It sees what the first
/// segment with data, or the first datagram, of that side has; two bytes at least, maybe not more.
/// </summary>
/// <param name="session">The session.</param>
/// <param name="side">Who sent it.</param>
/// <param name="firstBytes">The first segment's data; borrowed.</param>
public delegate void Classifier(Session session, Side side, ReadOnlySpan<byte> firstBytes);
