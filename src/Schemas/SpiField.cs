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
}

/// <summary>
/// A typed handle to a field of the dictionary. Ids follow the order of the Avro schema, so that a record whose values are sorted by id
/// can be encoded in one pass. The default value is no field: <see cref="IsNone"/>.
/// </summary>
/// <param name="Number">Place in the dictionary, counted from 1; 0 is no field.</param>
/// <param name="Type">How its values are kept.</param>
public readonly record struct SpiField(ushort Number, SpiType Type)
{
    /// <summary>Whether this is no field at all.</summary>
    public bool IsNone => Number == 0;
}
