using System.Buffers.Binary;

namespace FlowPipe.Schemas;

/// <summary>One value of a field, valid until its store changes. Which of the properties can be read depends on the field's type.</summary>
public readonly ref struct SpiValue
{
    private readonly ReadOnlySpan<byte> _arena;
    private readonly SpiEntry _entry;

    internal SpiValue(ReadOnlySpan<byte> arena, SpiEntry entry)
    {
        _arena = arena;
        _entry = entry;
    }

    /// <summary>An integer or truth value.</summary>
    public long Long
    {
        get
        {
            int at = 0;
            return _entry.Type switch
            {
                SpiType.Long or SpiType.Int => BinaryPrimitives.ReadInt64LittleEndian(_entry.Payload),
                SpiType.LongSet or SpiType.IntSet => Varint.UnZigZag(Varint.Read(_entry.Payload, ref at)),
                SpiType.Bool => _entry.Payload[0],
                _ => throw WrongType("an integer"),
            };
        }
    }

    /// <summary>A double.</summary>
    public double Double =>
        _entry.Type == SpiType.Double ? BinaryPrimitives.ReadDoubleLittleEndian(_entry.Payload) : throw WrongType("a double");

    /// <summary>A string, or the value of a map's entry.</summary>
    public ReadOnlySpan<byte> Utf8
    {
        get
        {
            if (_entry.Type is SpiType.Utf8 or SpiType.Utf8Set or SpiType.Utf8List)
                return _entry.Payload;
            if (_entry.Type != SpiType.Map)
                throw WrongType("a string");
            SpiEntry.MapKey(_entry.Payload, out ReadOnlySpan<byte> value);
            return value;
        }
    }

    /// <summary>The key of a map's entry.</summary>
    public ReadOnlySpan<byte> Key => _entry.Type == SpiType.Map ? _entry.Key : throw WrongType("an entry of a map");

    /// <summary>An address, IPv4 as IPv4-mapped IPv6.</summary>
    public UInt128 Ip =>
        _entry.Type is SpiType.Ip or SpiType.IpSet ? BinaryPrimitives.ReadUInt128BigEndian(_entry.Payload) : throw WrongType("an address");

    /// <summary>A list of integers.</summary>
    public SpiPacked Packed => _entry.Type == SpiType.Packed ? new SpiPacked(_entry.Payload) : throw WrongType("a packed list");

    /// <summary>The values of a field inside this record.</summary>
    public SpiValues Values(SpiField field) =>
        _entry.Type == SpiType.RecordSet ? new SpiValues(_arena[.._entry.Next], _entry.Start, field) : throw WrongType("a record");

    private InvalidOperationException WrongType(string wanted) => new($"A value of type {_entry.Type} is not {wanted}.");
}

/// <summary>The values of one field, in the order in which they were added: <c>foreach (SpiValue value in fields.Values(field))</c>.</summary>
public ref struct SpiValues
{
    private readonly ReadOnlySpan<byte> _arena;
    private readonly SpiField _field;
    private SpiEntries _entries;

    internal SpiValues(ReadOnlySpan<byte> arena, int start, SpiField field)
    {
        _arena = arena;
        _field = field;
        _entries = new SpiEntries(arena, start);
    }

    /// <summary>The value.</summary>
    public readonly SpiValue Current => new(_arena, _entries.Current);

    /// <summary>Itself.</summary>
    public readonly SpiValues GetEnumerator() => this;

    /// <summary>Goes to the next.</summary>
    public bool MoveNext()
    {
        while (_entries.MoveNext())
        {
            if (_entries.Current.Tag == _field.Tag)
                return true;
        }
        return false;
    }
}

/// <summary>The integers of a packed list, in order.</summary>
public ref struct SpiPacked
{
    private readonly ReadOnlySpan<byte> _payload;
    private int _at;

    internal SpiPacked(ReadOnlySpan<byte> payload)
    {
        _payload = payload;
        Count = (int)Varint.Read(payload, ref _at);
    }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>The integer.</summary>
    public long Current { get; private set; }

    /// <summary>Itself.</summary>
    public readonly SpiPacked GetEnumerator() => this;

    /// <summary>Goes to the next.</summary>
    public bool MoveNext()
    {
        if (_at >= _payload.Length)
            return false;
        Current = Varint.UnZigZag(Varint.Read(_payload, ref _at));
        return true;
    }
}
