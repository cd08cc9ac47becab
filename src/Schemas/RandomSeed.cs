using System.Buffers.Binary;

namespace FlowPipe.Schemas;

/// <summary>
/// Numbers that nobody outside can guess, for the salts of hash tables. From the system's generator, by way of a GUID: that of
/// System.Security.Cryptography starts the whole of OpenSSL first, for which a replay may have no other use.
/// </summary>
public static class RandomSeed
{
    /// <summary>The next one.</summary>
    public static ulong Next()
    {
        Span<byte> guid = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(guid);
        // Six bits of a GUID are fixed (RFC 9562 section 5.4), but not the same ones in both halves.
        return BinaryPrimitives.ReadUInt64LittleEndian(guid) ^ BinaryPrimitives.ReadUInt64LittleEndian(guid[sizeof(ulong)..]);
    }
}
