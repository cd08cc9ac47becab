using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FlowPipe.Schemas;

/// <summary>
/// The values that every record has, for whoever knows them all at once: one slot a field, so that to set one is a store and a bit. What
/// <see cref="SpiFields"/> is to a session that is growing, this is to the record that is made of it. Belongs to one thread at a time.
/// <code>
/// present   1 bit a field          | by the field's number
/// slots     low 64   | high 64     | integers, truth values, doubles: low; addresses: both; strings: where in the text, and the length
/// text      bytes of the strings
/// lists     a store of its own     | fields that may have several values
/// </code>
/// </summary>
public sealed class SpiRow
{
    private const uint Integers = (1u << (int)SpiType.Long) | (1u << (int)SpiType.Int) | (1u << (int)SpiType.Bool);

    private readonly ulong[] _present;
    private readonly Slot[] _slots;
    private byte[] _text = new byte[256];
    private int _textLength;

    /// <summary>Makes an empty row for a dictionary's fields.</summary>
    public SpiRow(FieldDictionary? dictionary = null)
    {
        Fields = (dictionary ?? FieldDictionary.Default).Fields.Count;
        _slots = new Slot[Fields + 1];
        _present = new ulong[(Fields >> 6) + 1];
    }

    /// <summary>Fields that may have several values, and packed lists; nothing that has a slot.</summary>
    public SpiFields Lists { get; } = new();

    /// <summary>How many fields the dictionary has.</summary>
    internal int Fields { get; }

    /// <summary>A bit for each field with a value in a slot, by its number.</summary>
    internal ReadOnlySpan<ulong> Present => _present;

    /// <summary>Sets an integer or a truth value (0 or not).</summary>
    /// <returns>False when it does not fit the field.</returns>
    [MethodImpl(HotPath.Options)]
    public bool Set(SpiField field, long value)
    {
        if (((Integers >> (int)field.Type) & 1) == 0)
            ThrowWrongType(field, "an integer");
        if (value != (int)value && field.Type == SpiType.Int)
            return false;
        SlotOf(field).Low = (ulong)value;
        return true;
    }

    /// <summary>Sets a double.</summary>
    [MethodImpl(HotPath.Options)]
    public void Set(SpiField field, double value)
    {
        if (field.Type != SpiType.Double)
            ThrowWrongType(field, "a double");
        SlotOf(field).Low = BitConverter.DoubleToUInt64Bits(value);
    }

    /// <summary>Sets a string, whose bytes are copied. They are taken to be UTF-8: what strangers wrote goes through <see cref="SpiFields"/>.</summary>
    [MethodImpl(HotPath.Options)]
    public void Set(SpiField field, ReadOnlySpan<byte> utf8)
    {
        if (field.Type != SpiType.Utf8)
            ThrowWrongType(field, "a string");
        if (_text.Length - _textLength < utf8.Length)
            Array.Resize(ref _text, Math.Max(2 * _text.Length, _textLength + utf8.Length));
        utf8.CopyTo(_text.AsSpan(_textLength));
        ref Slot slot = ref SlotOf(field);
        slot.Low = (uint)_textLength;
        slot.High = (uint)utf8.Length;
        _textLength += utf8.Length;
    }

    /// <summary>Sets an address; IPv4 as IPv4-mapped IPv6.</summary>
    public void SetIp(SpiField field, UInt128 address)
    {
        if (field.Type != SpiType.Ip)
            ThrowWrongType(field, "an address");
        ref Slot slot = ref SlotOf(field);
        slot.Low = (ulong)address;
        slot.High = (ulong)(address >> 64);
    }

    /// <summary>Forgets all values and keeps the memory.</summary>
    public void Reset()
    {
        Array.Clear(_present);
        _textLength = 0;
        Lists.Reset();
    }

    /// <summary>Forgets a field's value.</summary>
    internal void Remove(int field) => _present[field >> 6] &= ~(1UL << (field & 63));

    /// <summary>Whether a field has a value in a slot.</summary>
    internal bool Has(int field) => (_present[field >> 6] & (1UL << (field & 63))) != 0;

    internal long Long(int field) => (long)_slots[field].Low;

    internal double Double(int field) => BitConverter.UInt64BitsToDouble(_slots[field].Low);

    internal UInt128 Ip(int field) => new(_slots[field].High, _slots[field].Low);

    internal ReadOnlySpan<byte> Utf8(int field) => _text.AsSpan((int)_slots[field].Low, (int)_slots[field].High);

    /// <summary>The slot of a field, which has a value from now on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Slot SlotOf(SpiField field)
    {
        // number 0 is no field; those inside of records that repeat have many values
        if (field.Parent != 0 || field.Number == 0)
            ThrowNotHere(field);
        _present[field.Number >> 6] |= 1UL << (field.Number & 63);
        return ref _slots[field.Number];
    }

    [DoesNotReturn]
    private static void ThrowWrongType(SpiField field, string given) =>
        throw new ArgumentException($"{field} cannot hold {given}.", nameof(field));

    [DoesNotReturn]
    private static void ThrowNotHere(SpiField field) =>
        throw new ArgumentException($"{field} is no field of the record itself.", nameof(field));

    [StructLayout(LayoutKind.Auto)]
    private struct Slot
    {
        public ulong Low;
        public ulong High;
    }
}
