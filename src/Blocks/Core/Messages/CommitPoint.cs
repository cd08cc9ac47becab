namespace FlowPipe.Core.Messages;

/// <summary>
/// A place between two packets up to which a run's records can be committed: each partition has run its timeouts to the clock there and handed on
/// all records that are due, so what comes before it and what comes after it is the same in every run over the same packets.
/// </summary>
/// <param name="Ordinal">Packets before it, over all inputs.</param>
/// <param name="Digest">Running hash (XXH3, 128 bits) of those packets: bytes, lengths, stamps and link types.</param>
/// <param name="Last">Whether all inputs have been read: the records before it are all there are.</param>
public sealed record CommitPoint(long Ordinal, UInt128 Digest, bool Last);
