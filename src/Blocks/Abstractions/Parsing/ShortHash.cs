using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace FlowPipe.Abstractions;

/// <summary>
/// SHA-1 and SHA-256 of messages that lie whole in memory and are short, as those of which names are made: ids, fingerprints, certificates. The
/// same as <see cref="SHA1.HashData(ReadOnlySpan{byte}, Span{byte})"/> and <see cref="SHA256.HashData(ReadOnlySpan{byte}, Span{byte})"/>, at a
/// part of their cost. Safe from any thread; allocates nothing.
/// </summary>
public static class ShortHash
{
    /// <summary>Bytes of a SHA-1 digest.</summary>
    public const int Sha1Bytes = SHA1.HashSizeInBytes;

    /// <summary>Bytes of a SHA-256 digest.</summary>
    public const int Sha256Bytes = SHA256.HashSizeInBytes;

    /// <summary>SHA-1 (FIPS 180-4, section 6.1): for names that others give with it too, as nothing is protected by it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="digest">Room for <see cref="Sha1Bytes"/>.</param>
    /// <exception cref="ArgumentException">There is less room.</exception>
    [SkipLocalsInit]
    public static void Sha1(ReadOnlySpan<byte> message, Span<byte> digest)
    {
        CheckRoom(digest, Sha1Bytes);
        if (!LibCrypto.IsThere)
        {
#pragma warning disable CA5350 // A name, not a protection
            SHA1.HashData(message, digest);
#pragma warning restore CA5350
            return;
        }
        Span<byte> context = stackalloc byte[LibCrypto.ContextBytes];
        LibCrypto.Check(LibCrypto.Sha1Init(context));
        LibCrypto.Check(LibCrypto.Sha1Update(context, message, (nuint)message.Length));
        LibCrypto.Check(LibCrypto.Sha1Final(digest, context));
    }

    /// <summary>SHA-256 (FIPS 180-4, section 6.2).</summary>
    /// <param name="message">The message.</param>
    /// <param name="digest">Room for <see cref="Sha256Bytes"/>.</param>
    /// <exception cref="ArgumentException">There is less room.</exception>
    [SkipLocalsInit]
    public static void Sha256(ReadOnlySpan<byte> message, Span<byte> digest)
    {
        CheckRoom(digest, Sha256Bytes);
        if (!LibCrypto.IsThere)
        {
            SHA256.HashData(message, digest);
            return;
        }
        Span<byte> context = stackalloc byte[LibCrypto.ContextBytes];
        LibCrypto.Check(LibCrypto.Sha256Init(context));
        LibCrypto.Check(LibCrypto.Sha256Update(context, message, (nuint)message.Length));
        LibCrypto.Check(LibCrypto.Sha256Final(digest, context));
    }

    internal static void CheckRoom(Span<byte> digest, int bytes)
    {
        if (digest.Length < bytes)
            throw new ArgumentException($"a digest of {bytes} bytes into {digest.Length}", nameof(digest));
    }
}
