namespace FlowPipe.Schemas;

/// <summary>How the values of a field are kept and written.</summary>
public enum SpiType : byte
{
    /// <summary>One integer of up to 64 bits, signed.</summary>
    Long,

    /// <summary>Integers without duplicates, in the order in which they were first added.</summary>
    LongSet,

    /// <summary>Integers in order, duplicates kept, packed as zigzag varints (the encoding of Avro's <c>long</c>).</summary>
    Packed,

    /// <summary>One IEEE 754 double.</summary>
    Double,

    /// <summary>True or false.</summary>
    Bool,

    /// <summary>One string, valid UTF-8.</summary>
    Utf8,

    /// <summary>Strings without duplicates, in the order in which they were first added.</summary>
    Utf8Set,

    /// <summary>One address, IPv4 as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2).</summary>
    Ip,

    /// <summary>Addresses without duplicates.</summary>
    IpSet,

    /// <summary>A record of fields that repeats.</summary>
    RecordSet,

    /// <summary>Names and string values that plugins define.</summary>
    Map,

    /// <summary>One integer that Avro writes as <c>int</c>: a value that does not fit 32 bits is refused.</summary>
    Int,

    /// <summary>Integers of 32 bits without duplicates, in the order in which they were first added.</summary>
    IntSet,

    /// <summary>Strings in the order in which they were added, duplicates kept: for lists that belong together item by item.</summary>
    Utf8List,
}

/// <summary>
/// A typed handle to a field of the dictionary. Ids follow the order of the Avro schema, so that a record whose values are sorted by id
/// can be encoded in one pass. The default value is no field: <see cref="IsNone"/>.
/// </summary>
/// <param name="Number">Place in the dictionary, counted from 1; 0 is no field.</param>
/// <param name="Type">How its values are kept.</param>
/// <param name="Parent">Number of the record that repeats and that it is part of; 0 at the top.</param>
public readonly record struct SpiField(ushort Number, SpiType Type, ushort Parent = 0)
{
    /// <summary>Largest <see cref="Number"/>: an entry of <see cref="SpiFields"/> keeps number and type in 16 bits.</summary>
    public const int MaxNumber = 4095;

    /// <summary>Whether this is no field at all.</summary>
    public bool IsNone => Number == 0;

    /// <summary>Number and type as an entry of <see cref="SpiFields"/> begins with them.</summary>
    internal ushort Tag => (ushort)((Number << 4) | (int)Type);

    /// <summary>Whether a field of this type has at most one value, the last that it was given.</summary>
    internal static bool IsSingle(SpiType type) => ((SingleTypes >> (int)type) & 1) != 0;

    private const uint SingleTypes =
        (1u << (int)SpiType.Long)
        | (1u << (int)SpiType.Int)
        | (1u << (int)SpiType.Double)
        | (1u << (int)SpiType.Bool)
        | (1u << (int)SpiType.Utf8)
        | (1u << (int)SpiType.Ip)
        | (1u << (int)SpiType.Packed);
}
