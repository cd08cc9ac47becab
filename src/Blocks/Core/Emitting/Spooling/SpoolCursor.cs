using System.Buffers.Binary;

namespace FlowPipe.Core.Emitting.Spooling;

/// <summary>
/// The file that says what has been drained: all entries before this number. A new one takes the place of the old by renaming, so there is always
/// one or the other.
/// <code>
///  0        4         8                         16
///  +--------+---------+-------------------------+---------+
///  | "FPCU" | version | next sequence to drain  | CRC-32C |
///  +--------+---------+-------------------------+---------+
/// </code>
/// </summary>
internal static class SpoolCursor
{
    private const string Name = "cursor";
    private const uint Magic = 0x55435046; // "FPCU"
    private const int Version = 1;
    private const int Length = 20;

    /// <summary>Reads it.</summary>
    /// <returns>Null when there is none, or it is damaged: then all that is there counts as not drained.</returns>
    public static long? Read(string folder)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(Path.Combine(folder, Name));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        bool isRight =
            bytes.Length == Length
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == Magic
            && BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4)) == Version
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(16)) == Crc32C.Of(bytes.AsSpan(0, 16));
        return isRight ? BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8)) : null;
    }

    /// <summary>Writes it.</summary>
    /// <exception cref="IOException">It can't be written; the one before holds.</exception>
    public static void Write(string folder, long next)
    {
        byte[] bytes = new byte[Length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), next);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(16), Crc32C.Of(bytes.AsSpan(0, 16)));
        string name = Path.Combine(folder, Name);
        File.WriteAllBytes(name + ".new", bytes);
        File.Move(name + ".new", name, overwrite: true);
    }
}
