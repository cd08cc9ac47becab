using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace FlowPipe.Schemas;

/// <summary>
/// Finds the entries of a store that has grown too long to look through: a hash table of where they begin, with linear probing. Single
/// values are found by field, values of sets by field and value; for each set there is also a slot with the number of its values. Slots
/// of records that have ended stay: nobody asks for their scope again.
/// </summary>
internal sealed class SpiIndex
{
    private const int SmallestSize = 128;

    // Odd, half of the bits set, no pattern: the digits of the golden ratio and of the square root of 2
    private const ulong GoldenRatio = 0x9E3779B97F4A7C15;
    private const ulong SquareRoot = 0x6A09E667F3BCC909;

    // Whoever picks the values does not know it; nothing depends on the order of slots
    private static readonly ulong Seed = RandomSeed.Next();

    private Slot[] _slots = [];
    private int _mask;
    private int _used;

    public bool IsActive => _slots.Length > 0;

    public int MemoryBytes => _slots.Length * 12;

    /// <summary>Starts anew.</summary>
    public void Open()
    {
        Close();
        Rent(SmallestSize);
    }

    public void Close()
    {
        if (_slots.Length > 0)
            ArrayPool<Slot>.Shared.Return(_slots);
        _slots = [];
    }

    /// <summary>Where the entry begins, or -1.</summary>
    [MethodImpl(HotPath.Options)]
    public int Find(ReadOnlySpan<byte> arena, int scope, ushort tag, ReadOnlySpan<byte> key)
    {
        bool single = SpiField.IsSingle((SpiType)(tag & 0xF));
        uint hash = Hash(scope, tag, key);
        Slot[] slots = _slots;
        for (int i = (int)hash & _mask; slots[i].Place != 0; i = (i + 1) & _mask)
        {
            ref Slot slot = ref slots[i];
            if (slot.Hash != hash || slot.Scope != scope || slot.Place < 0)
                continue;
            var entry = new SpiEntry(arena, slot.Place - 1);
            if (entry.Tag == tag && (single || entry.Key.SequenceEqual(key)))
                return slot.Place - 1;
        }
        return -1;
    }

    /// <summary>Values that a set has.</summary>
    public int Count(int scope, ushort tag) => -_slots[FindCount(scope, tag)].Place;

    /// <summary>Takes in an entry that is not there yet.</summary>
    [MethodImpl(HotPath.Options)]
    public void Insert(int scope, SpiEntry entry, int at)
    {
        // more than half full, probing becomes slow
        if ((_used + 2) * 2 > _mask)
            Grow();
        // values of lists are never looked for, only counted
        if (entry.Type != SpiType.Utf8List)
        {
            Place(
                new Slot
                {
                    Place = at + 1,
                    Scope = scope,
                    Hash = Hash(scope, entry.Tag, entry.Key),
                }
            );
        }
        if (SpiField.IsSingle(entry.Type))
            return;
        ref Slot count = ref _slots[FindCount(scope, entry.Tag)];
        if (count.Place == 0)
            _used++;
        count.Place--;
        count.Scope = scope;
        count.Hash = entry.Tag;
    }

    private void Rent(int size)
    {
        _slots = ArrayPool<Slot>.Shared.Rent(size);
        _slots.AsSpan(0, size).Clear();
        _mask = size - 1;
        _used = 0;
    }

    private void Grow()
    {
        Slot[] old = _slots;
        int oldSize = _mask + 1;
        Rent(2 * oldSize);
        foreach (ref readonly Slot slot in old.AsSpan(0, oldSize))
        {
            if (slot.Place != 0)
                Place(in slot);
        }
        ArrayPool<Slot>.Shared.Return(old);
    }

    [MethodImpl(HotPath.Options)]
    private void Place(in Slot slot)
    {
        uint hash = slot.Place > 0 ? slot.Hash : CountHash(slot.Scope, (ushort)slot.Hash);
        int i = (int)hash & _mask;
        while (_slots[i].Place != 0)
            i = (i + 1) & _mask;
        _slots[i] = slot;
        _used++;
    }

    /// <summary>Eight bytes at a time: xor, multiply to 128 bits, fold.</summary>
    private static uint Hash(int scope, ushort tag, ReadOnlySpan<byte> key)
    {
        ulong hash = Fold(Seed ^ ((ulong)(uint)scope << 16) ^ tag, GoldenRatio);
        if (SpiField.IsSingle((SpiType)(tag & 0xF)))
            return (uint)hash;
        hash ^= (ulong)key.Length << 32;
        while (key.Length >= sizeof(ulong))
        {
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(key), SquareRoot);
            key = key[sizeof(ulong)..];
        }
        ulong rest = 0;
        if (key.Length >= sizeof(uint))
        {
            rest = BinaryPrimitives.ReadUInt32LittleEndian(key);
            key = key[sizeof(uint)..];
        }
        foreach (byte b in key)
            rest = (rest << 8) | b;
        return (uint)Fold(hash ^ rest, GoldenRatio);
    }

    private static ulong Fold(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }

    // Scopes are few and numbered by ourselves: nobody can choose them
    private static uint CountHash(int scope, ushort tag) => (uint)(((((ulong)(uint)scope << 16) | tag) * GoldenRatio) >> 32);

    private int FindCount(int scope, ushort tag)
    {
        int i = (int)CountHash(scope, tag) & _mask;
        while (_slots[i].Place != 0 && (_slots[i].Place > 0 || _slots[i].Hash != tag || _slots[i].Scope != scope))
            i = (i + 1) & _mask;
        return i;
    }

    private struct Slot
    {
        /// <summary>0: free; positive: where an entry begins, plus 1; negative: the number of a set's values, negated.</summary>
        public int Place;
        public int Scope;

        /// <summary>Of an entry the hash, of a number of values the set's tag.</summary>
        public uint Hash;
    }
}
