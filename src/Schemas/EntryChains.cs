using System.Numerics;
using System.Runtime.CompilerServices;

namespace FlowPipe.Schemas;

/// <summary>
/// The values of the record in hand by field: a bitmap of the fields that have any, the row's included, and for each field with values in
/// a store a chain of where they lie. Fields of a record that repeats are linked while that record is written and unlinked after it.
/// Scratch memory: kept.
/// </summary>
internal sealed class EntryChains(int fields)
{
    private const int InSession = int.MinValue;

    private readonly Chain[] _chains = new Chain[fields + 1];
    private readonly ulong[] _present = new ulong[(fields >> 6) + 1];
    private byte[] _lists = [];
    private byte[] _session = [];
    private Link[] _links = new Link[128];
    private int _used;

    /// <summary>Sorts the values of a row and a store.</summary>
    [MethodImpl(HotPath.Options)]
    public void Open(SpiRow row, SpiFields session)
    {
        if (row.Fields != fields)
            throw new InvalidOperationException("The row is not of the encoder's dictionary.");
        row.Present.CopyTo(_present);
        _lists = row.Lists.Bytes;
        _session = session.Bytes;
        _used = 0;
        LinkAll(row.Lists.Arena, 0, 0);
        LinkAll(session.Arena, 0, InSession);
    }

    /// <summary>The lowest field with values from <paramref name="first"/> to <paramref name="last"/>; 0 when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int NextPresent(int first, int last)
    {
        ulong[] present = _present;
        int word = first >> 6;
        ulong bits = present[word] & (ulong.MaxValue << first);
        while (bits == 0)
        {
            if (++word > last >> 6)
                return 0;
            bits = present[word];
        }
        int field = (word << 6) + BitOperations.TrailingZeroCount(bits);
        return field <= last ? field : 0;
    }

    public bool Has(int field) => (_present[field >> 6] & (1UL << field)) != 0;

    /// <summary>How many values a set has.</summary>
    public int Count(int field) => Has(field) ? _chains[field].Count : 0;

    /// <summary>The bytes of the one value of a field that has it in a store.</summary>
    public ReadOnlySpan<byte> Payload(int field)
    {
        ref Chain chain = ref _chains[field];
        return Store(chain.Place).AsSpan(chain.Payload, chain.Length);
    }

    /// <summary>The one value of a field that has it in a store.</summary>
    public SpiEntry Single(int field) => At(_chains[field].Place);

    /// <summary>The values of a set, in the order in which they were added.</summary>
    public Values Of(int field) => new(this, Has(field) ? _chains[field].First : -1);

    /// <summary>Links the values inside a record; returns what <see cref="Leave"/> needs.</summary>
    public int Enter(int place)
    {
        int mark = _used;
        SpiEntry record = At(place);
        LinkAll(Store(place).AsSpan(0, record.Next), record.Start, place & InSession);
        return mark;
    }

    /// <summary>Unlinks the values of the fields inside a record.</summary>
    [MethodImpl(HotPath.Options)]
    public void Leave(int mark, FieldScope scope)
    {
        _used = mark;
        for (
            int field = NextPresent(scope.First, scope.Last);
            field != 0;
            field = field == scope.Last ? 0 : NextPresent(field + 1, scope.Last)
        )
            _present[field >> 6] &= ~(1UL << field);
    }

    private byte[] Store(int place) => place < 0 ? _session : _lists;

    private SpiEntry At(int place) => new(Store(place), place & int.MaxValue);

    [MethodImpl(HotPath.Options)]
    private void LinkAll(ReadOnlySpan<byte> arena, int start, int store)
    {
        Chain[] chains = _chains;
        ulong[] present = _present;
        int at = start;
        while (at < arena.Length)
        {
            int place = at | store;
            at = SpiEntry.Skip(arena, at, out ushort tag, out int payload);
            int field = tag >> 4;
            if (field >= chains.Length)
                throw new InvalidOperationException($"Field {field} is not of the encoder's dictionary.");
            ref Chain chain = ref chains[field];
            ref ulong word = ref present[field >> 6];
            ulong bit = 1UL << field;
            chain.Place = place;
            chain.Payload = payload;
            chain.Length = at - payload;
            if (!SpiField.IsSingle((SpiType)(tag & 0xF)))
                AddLink(
                    ref chain,
                    new Link
                    {
                        Place = place,
                        Payload = payload,
                        Length = at - payload,
                        Next = -1,
                    },
                    isFirst: (word & bit) == 0
                );
            word |= bit;
        }
    }

    [MethodImpl(HotPath.Options)]
    private void AddLink(ref Chain chain, in Link link, bool isFirst)
    {
        if (_used == _links.Length)
            Array.Resize(ref _links, 2 * _used);
        _links[_used] = link;
        if (isFirst)
        {
            chain.First = _used;
            chain.Count = 1;
        }
        else
        {
            _links[chain.Last].Next = _used;
            chain.Count++;
        }
        chain.Last = _used++;
    }

    /// <summary>Goes through the values of one field.</summary>
    internal ref struct Values(EntryChains chains, int first)
    {
        private int _link = -1;
        private int _next = first;

        /// <summary>Where the current value is, for <see cref="Enter"/>.</summary>
        public readonly int Place => chains._links[_link].Place;

        public readonly SpiEntry Current => chains.At(Place);

        /// <summary>The current value's bytes.</summary>
        public readonly ReadOnlySpan<byte> Payload
        {
            get
            {
                ref Link link = ref chains._links[_link];
                return chains.Store(link.Place).AsSpan(link.Payload, link.Length);
            }
        }

        public readonly Values GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_next < 0)
                return false;
            _link = _next;
            _next = chains._links[_link].Next;
            return true;
        }
    }

    private struct Chain
    {
        /// <summary>Where the last value is: all that a field of one value needs. The rest is of sets.</summary>
        public int Place;
        public int Payload;
        public int Length;
        public int First;
        public int Last;
        public int Count;
    }

    private struct Link
    {
        /// <summary>Where the entry begins; the top bit says that it is in the session's store, not among the row's lists.</summary>
        public int Place;
        public int Payload;
        public int Length;
        public int Next;
    }
}
