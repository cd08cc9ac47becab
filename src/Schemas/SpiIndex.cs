using System.Buffers;
using System.Numerics;

namespace FlowPipe.Schemas;

/// <summary>
/// Finds the entries of a store that has grown too long to look through: a hash table of where they begin, with linear probing. Single
/// values are found by field, values of sets by field and value; for each set there is also a slot with the number of its values. Slots
/// of records that have ended stay until the table is rebuilt: nobody asks for their scope again.
/// </summary>
internal sealed class SpiIndex
{
    private Slot[] _slots = [];
    private int _mask;
    private int _used;

    public bool IsActive => _slots.Length > 0;

    public int MemoryBytes => _slots.Length * 12;

    /// <summary>Whether one more value would make probing slow.</summary>
    public bool IsFull => (_used + 2) * 2 > _mask;

    /// <summary>Starts anew, with room for some entries.</summary>
    public void Open(int entries)
    {
        Close();
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(256, entries * 6));
        _slots = ArrayPool<Slot>.Shared.Rent(size);
        _slots.AsSpan(0, size).Clear();
        _mask = size - 1;
        _used = 0;
    }

    public void Close()
    {
        if (_slots.Length > 0)
            ArrayPool<Slot>.Shared.Return(_slots);
        _slots = [];
    }

    /// <summary>Where the entry begins, or -1.</summary>
    public int Find(ReadOnlySpan<byte> arena, int scope, ushort tag, ReadOnlySpan<byte> key)
    {
        bool single = SpiField.IsSingle((SpiType)(tag & 0xF));
        for (int i = Hash(scope, tag, key) & _mask; _slots[i].Place != 0; i = (i + 1) & _mask)
        {
            ref Slot slot = ref _slots[i];
            if (slot.Tag == tag && slot.Scope == scope && slot.Place > 0)
            {
                if (single || new SpiEntry(arena, slot.Place - 1).Key.SequenceEqual(key))
                    return slot.Place - 1;
            }
        }
        return -1;
    }

    /// <summary>Values that a set has.</summary>
    public int Count(int scope, ushort tag)
    {
        int i = FindCount(scope, tag);
        return -_slots[i].Place;
    }

    /// <summary>Takes in an entry that is not there yet; <see cref="IsFull"/> is false.</summary>
    public void Insert(int scope, SpiEntry entry, int at)
    {
        // values of lists are never looked for, only counted
        if (entry.Type != SpiType.Utf8List)
            InsertPlace(scope, entry, at);
        if (SpiField.IsSingle(entry.Type))
            return;
        int i = FindCount(scope, entry.Tag);
        if (_slots[i].Place == 0)
            _used++;
        _slots[i].Place--;
        _slots[i].Scope = scope;
        _slots[i].Tag = entry.Tag;
    }

    private void InsertPlace(int scope, SpiEntry entry, int at)
    {
        int i = Hash(scope, entry.Tag, entry.Key) & _mask;
        while (_slots[i].Place != 0)
            i = (i + 1) & _mask;
        _slots[i] = new Slot
        {
            Place = at + 1,
            Scope = scope,
            Tag = entry.Tag,
        };
        _used++;
    }

    private static int Hash(int scope, ushort tag, ReadOnlySpan<byte> key)
    {
        // HashCode is seeded a process, which an attacker who picks the values does not know; nothing depends on the order of slots
        var hash = new HashCode();
        hash.Add(scope);
        hash.Add(tag);
        if (!SpiField.IsSingle((SpiType)(tag & 0xF)))
            hash.AddBytes(key);
        return hash.ToHashCode();
    }

    private int FindCount(int scope, ushort tag)
    {
        int i = HashCode.Combine(scope, tag) & _mask;
        while (_slots[i].Place != 0 && (_slots[i].Place > 0 || _slots[i].Tag != tag || _slots[i].Scope != scope))
            i = (i + 1) & _mask;
        return i;
    }

    private struct Slot
    {
        /// <summary>0: free; positive: where an entry begins, plus 1; negative: the number of a set's values, negated.</summary>
        public int Place;
        public int Scope;
        public ushort Tag;
    }
}
