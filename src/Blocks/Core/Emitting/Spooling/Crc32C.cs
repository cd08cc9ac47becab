using System.Buffers.Binary;
using System.Numerics;

namespace FlowPipe.Core.Emitting.Spooling;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum that processors have an instruction for.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of these bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Add(uint.MaxValue, bytes);

    /// <summary>The checksum of a number, little-endian, and the bytes behind it.</summary>
    public static uint Of(uint first, ReadOnlySpan<byte> bytes) => ~Add(BitOperations.Crc32C(uint.MaxValue, first), bytes);

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (byte one in bytes)
            crc = BitOperations.Crc32C(crc, one);
        return crc;
    }
}
