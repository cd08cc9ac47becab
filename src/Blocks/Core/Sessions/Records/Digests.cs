using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace FlowPipe.Core.Sessions.Records;

/// <summary>
/// The two hashes that records need, each with a context that is used again and again: the one-shot methods make and free one a call, which
/// costs several times the hash of so few bytes. One per partition.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "They live as long as their partition, which is as long as the run")]
internal sealed class Digests
{
    private readonly IncrementalHash _sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>SHA-1, into its 20 bytes. Community ID's specification wants it; nothing secret depends on it.</summary>
    public void Sha1(ReadOnlySpan<byte> input, Span<byte> digest) => Hash(_sha1, input, digest);

    /// <summary>SHA-256, into its 32 bytes.</summary>
    public void Sha256(ReadOnlySpan<byte> input, Span<byte> digest) => Hash(_sha256, input, digest);

    private static void Hash(IncrementalHash hash, ReadOnlySpan<byte> input, Span<byte> digest)
    {
        hash.AppendData(input);
        hash.GetHashAndReset(digest);
    }
}
