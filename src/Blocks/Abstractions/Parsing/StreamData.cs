namespace FlowPipe.Abstractions;

/// <summary>
/// What a parser is given at once: a piece of one side's stream in order, or one datagram. Borrowed: what is needed after the call is copied
/// (<see cref="StreamBuffer"/>).
/// </summary>
/// <param name="side">Who sent it.</param>
/// <param name="bytes">The bytes.</param>
/// <param name="timestampNs">Time of the packet in hand.</param>
public readonly ref struct StreamData(Side side, ReadOnlySpan<byte> bytes, long timestampNs)
{
    /// <summary>Who sent it.</summary>
    public Side Side => side;

    /// <summary>TCP: what is new and in order, never what was given before. UDP and SCTP: one message. Empty only with <see cref="End"/>.</summary>
    public readonly ReadOnlySpan<byte> Bytes = bytes;

    /// <summary>Time of the packet in hand, nanoseconds since 1970: the one by which these bytes came into order, never the wall clock's.</summary>
    public long TimestampNs => timestampNs;

    /// <summary>Bytes of the stream that never came, skipped just before these; 0 where nothing is missing. At most 2^31 − 1.</summary>
    public int GapBefore { get; init; }

    /// <summary>
    /// Nothing follows on this side: it sent FIN, or the session is about to be saved for the last time. Comes once a side, and always before
    /// the last <see cref="SessionParser.Save"/>; never for datagrams, which have no end.
    /// </summary>
    public bool End { get; init; }
}
