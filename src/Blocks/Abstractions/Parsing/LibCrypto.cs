using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace FlowPipe.Abstractions;

/// <summary>
/// OpenSSL's SHA-1 and SHA-256 by their oldest functions, which use the processor's instructions and keep their state in memory of the caller.
/// .NET reaches the same code through objects of OpenSSL, which cost several times the hash of a short message (docs/performance.md).
/// </summary>
internal static partial class LibCrypto
{
    private const string Library = "libcrypto.so.3";

    /// <summary>Room for either's state: SHA_CTX is 96 bytes, SHA256_CTX 112.</summary>
    public const int ContextBytes = 128;

    /// <summary>Whether the system has them: another version, or one built without them, and .NET's own way is taken.</summary>
    public static bool IsThere { get; } = Find();

    [LibraryImport(Library, EntryPoint = "SHA1_Init")]
    public static partial int Sha1Init(Span<byte> context);

    [LibraryImport(Library, EntryPoint = "SHA1_Update")]
    public static partial int Sha1Update(Span<byte> context, ReadOnlySpan<byte> data, nuint length);

    [LibraryImport(Library, EntryPoint = "SHA1_Final")]
    public static partial int Sha1Final(Span<byte> digest, Span<byte> context);

    [LibraryImport(Library, EntryPoint = "SHA256_Init")]
    public static partial int Sha256Init(Span<byte> context);

    [LibraryImport(Library, EntryPoint = "SHA256_Update")]
    public static partial int Sha256Update(Span<byte> context, ReadOnlySpan<byte> data, nuint length);

    [LibraryImport(Library, EntryPoint = "SHA256_Final")]
    public static partial int Sha256Final(Span<byte> digest, Span<byte> context);

    /// <summary>What all of these return is 0 when they refuse.</summary>
    public static void Check(int done)
    {
        if (done == 0)
            throw new CryptographicException("libcrypto has refused to hash");
    }

    private static bool Find()
    {
        if (!NativeLibrary.TryLoad(Library, out nint library))
            return false;
        foreach (string name in (string[])["SHA1_Init", "SHA1_Update", "SHA1_Final", "SHA256_Init", "SHA256_Update", "SHA256_Final"])
        {
            if (!NativeLibrary.TryGetExport(library, name, out _))
                return false;
        }
        return true;
    }
}
