namespace FlowPipe.Core.Reading;

/// <summary>What was read of an input, for a run's manifest.</summary>
/// <param name="Uri">Where it was found.</param>
/// <param name="Fingerprint">Its name by content; empty when it turned out to be no capture.</param>
/// <param name="Bytes">Bytes read of it, decompressed.</param>
/// <param name="Sha256">SHA-256 of these, in hexadecimal: for a plain file what <c>sha256sum</c> says of it, for a compressed one of its contents.</param>
/// <param name="Complete">Whether all of it was read.</param>
public sealed record SourceSummary(string Uri, string Fingerprint, long Bytes, string Sha256, bool Complete);
