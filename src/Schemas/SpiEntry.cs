using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace FlowPipe.Schemas;

/// <summary>
/// How a value lies in the arena of <see cref="SpiFields"/>; entries stand one after the other in the order in which they came.
/// <code>
/// a value                                  a record that repeats
/// +--------+--------------+-----------+    +--------+---------------+---------------+-------------+
/// | tag 16 | length varint| payload   |    | tag 16 | length 32     | scope 32      | its entries |
/// +--------+--------------+-----------+    +--------+---------------+---------------+-------------+
///
/// tag      number of the field shifted left by 4, and its SpiType; little-endian like all here but addresses
/// payload  Long, Int, Double 8 bytes; Bool 1; LongSet, IntSet zigzag varint; Ip 16 in network order; strings UTF-8;
///          Packed the count as varint, then the zigzag varints; Map the key's length as varint, key, value
/// length   of a record that is open: where the record around it begins, or -1
/// scope    a number that no other record of the store has, so that the index never mistakes one for another
/// </code>
/// </summary>
internal readonly ref struct SpiEntry
{
    public const int RecordHeader = 10;

    private const int RecordLength = 2;
    private const int RecordScope = 6;

    /// <summary>Reads the entry that begins at a place; not one that is open.</summary>
    public SpiEntry(ReadOnlySpan<byte> arena, int at)
    {
        int next = Skip(arena, at, out ushort tag, out int start);
        Tag = tag;
        Start = start;
        Payload = arena[start..next];
    }

    public ushort Tag { get; }

    /// <summary>Where the payload begins.</summary>
    public int Start { get; }

    public int Length => Payload.Length;

    public ReadOnlySpan<byte> Payload { get; }

    public SpiType Type => (SpiType)(Tag & 0xF);

    public int Number => Tag >> 4;

    /// <summary>Where the next entry begins.</summary>
    public int Next => Start + Length;

    /// <summary>What tells values of a set apart: the whole value; of a map's entries, the key.</summary>
    public ReadOnlySpan<byte> Key => Type == SpiType.Map ? MapKey(Payload, out _) : Payload;

    /// <summary>Reads no more of an entry than it takes to pass it, and returns where the next begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Skip(ReadOnlySpan<byte> arena, int at, out ushort tag, out int start)
    {
        tag = BinaryPrimitives.ReadUInt16LittleEndian(arena[at..]);
        if ((tag & 0xF) == (int)SpiType.RecordSet)
        {
            start = at + RecordHeader;
            return start + ReadRecordLength(arena, at);
        }
        start = at + sizeof(ushort);
        int length = arena[start++];
        if (length < 0x80)
            return start + length;
        start--;
        length = (int)Varint.Read(arena, ref start);
        return start + length;
    }

    public static int ReadRecordLength(ReadOnlySpan<byte> arena, int at) =>
        BinaryPrimitives.ReadInt32LittleEndian(arena[(at + RecordLength)..]);

    public static void WriteRecordLength(Span<byte> arena, int at, int length) =>
        BinaryPrimitives.WriteInt32LittleEndian(arena[(at + RecordLength)..], length);

    public static int ReadRecordScope(ReadOnlySpan<byte> arena, int at) =>
        BinaryPrimitives.ReadInt32LittleEndian(arena[(at + RecordScope)..]);

    public static void WriteRecordScope(Span<byte> arena, int at, int scope) =>
        BinaryPrimitives.WriteInt32LittleEndian(arena[(at + RecordScope)..], scope);

    public static ReadOnlySpan<byte> MapKey(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> value)
    {
        int at = 0;
        int length = (int)Varint.Read(payload, ref at);
        value = payload[(at + length)..];
        return payload.Slice(at, length);
    }
}
