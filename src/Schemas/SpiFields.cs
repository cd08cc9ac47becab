using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace FlowPipe.Schemas;

/// <summary>
/// The values of one session's (or one record's) fields, in one arena of bytes that is kept when the session is recycled. Belongs to one
/// thread at a time. Set types drop duplicates, lists keep them; single types keep the last value given. See <see cref="SpiEntry"/> for the arena's layout.
/// </summary>
public sealed class SpiFields
{
    /// <summary>What a session with few values takes.</summary>
    private const int SmallestArena = 64;

    /// <summary>A larger arena goes back to the pool on <see cref="Reset"/>: a million sessions each keeping their largest would not fit.</summary>
    private const int LargestKeptArena = 1024;

    /// <summary>Entries that are looked through one by one before an index is made; a look costs about 2 ns.</summary>
    private const int LongestScan = 16;

    /// <summary>Records inside records of which most dictionaries have no more.</summary>
    private const int UsualDepth = 4;

    private const int None = -1;

    private readonly SpiLimits _limits;
    private byte[] _arena = [];
    private SpiIndex? _index;

    // Which fields the innermost open record, or the top, has: what is not among them need not be looked for. Then those of the records
    // around it, the top's first.
    private SeenFields _seen;
    private SeenFields[] _seenAround = [];
    private int _depth;

    private int _used;
    private int _open = None;
    private int _scopes;

    /// <summary>Makes an empty store; it takes no memory for values before the first.</summary>
    public SpiFields(SpiLimits? limits = null) => _limits = limits ?? SpiLimits.Default;

    /// <summary>Bytes that the values take, for accounts of memory.</summary>
    public int MemoryBytes => _arena.Length + (_index?.MemoryBytes ?? 0);

    /// <summary>Whether there is no value at all.</summary>
    public bool IsEmpty => _used == 0;

    /// <summary>The entries.</summary>
    internal ReadOnlySpan<byte> Arena => _arena.AsSpan(0, _used);

    /// <summary>The array that they are in, longer than they are.</summary>
    internal byte[] Bytes => _arena;

    /// <summary>Adds an integer or a truth value (0 or 1).</summary>
    /// <returns>False when a set already had it, or when the session's limits leave it out, or when it does not fit the field.</returns>
    public bool Add(SpiField field, long value)
    {
        Span<byte> bytes = stackalloc byte[Varint.MaxBytes];
        switch (field.Type)
        {
            case SpiType.Int when value != (int)value:
            case SpiType.IntSet when value != (int)value:
                return false;
            case SpiType.Long:
            case SpiType.Int:
                BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
                return SetSingle(field, bytes[..sizeof(long)]);
            case SpiType.Bool:
                bytes[0] = value == 0 ? (byte)0 : (byte)1;
                return SetSingle(field, bytes[..1]);
            case SpiType.LongSet:
            case SpiType.IntSet:
                return AddToSet(field, bytes[..Varint.Write(bytes, Varint.ZigZag(value))], default);
            default:
                throw WrongType(field, "an integer");
        }
    }

    /// <summary>Adds a double.</summary>
    public bool Add(SpiField field, double value)
    {
        if (field.Type != SpiType.Double)
            throw WrongType(field, "a double");
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        return SetSingle(field, bytes);
    }

    /// <summary>
    /// Adds a string; the bytes are copied. What is not valid UTF-8 is replaced by U+FFFD, so that whatever reads the record can; what goes
    /// beyond <see cref="SpiLimits.BytesPerValue"/> is cut off between characters.
    /// </summary>
    public bool Add(SpiField field, ReadOnlySpan<byte> utf8)
    {
        if (field.Type is not (SpiType.Utf8 or SpiType.Utf8Set or SpiType.Utf8List))
            throw WrongType(field, "a string");
        if (!IsValid(utf8))
            return AddRepaired(field, utf8);
        utf8 = Cut(utf8);
        return field.Type == SpiType.Utf8 ? SetSingle(field, utf8) : AddToSet(field, utf8, default);
    }

    /// <summary>Adds an address; IPv4 as IPv4-mapped IPv6.</summary>
    public bool AddIp(SpiField field, UInt128 address)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        return field.Type switch
        {
            SpiType.Ip => SetSingle(field, bytes),
            SpiType.IpSet => AddToSet(field, bytes, default),
            _ => throw WrongType(field, "an address"),
        };
    }

    /// <summary>Sets an ordered list of integers that are already packed as zigzag varints. Not subject to the limits: bound it yourself.</summary>
    /// <param name="field">A packed field.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="zigzagVarints">Exactly that many; it is not looked at.</param>
    /// <returns>False when there is none: the field is absent then.</returns>
    public bool AddPacked(SpiField field, int count, ReadOnlySpan<byte> zigzagVarints)
    {
        if (field.Type != SpiType.Packed)
            throw WrongType(field, "a packed list");
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Check(field);
        int old = Find(field, default, out _);
        if (old != None)
            Remove(old);
        if (count == 0)
            return false;
        Span<byte> prefix = stackalloc byte[Varint.MaxBytes];
        Append(field, prefix[..Varint.Write(prefix, (uint)count)], zigzagVarints);
        return true;
    }

    /// <summary>Adds an entry to a map; the value of a key that is there is replaced. Both are repaired and cut like strings.</summary>
    public bool AddEntry(SpiField map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (map.Type != SpiType.Map)
            throw WrongType(map, "an entry of a map");
        if (!IsValid(key) || !IsValid(value))
            return AddRepairedEntry(map, key, value);
        key = Cut(key);
        value = Cut(value);
        Check(map);
        if (!HasRoom(key.Length + value.Length))
            return false;
        int old = Find(map, key, out int count);
        if (old != None)
            Remove(old);
        else if (count >= _limits.ValuesPerField)
            return false;
        Span<byte> prefix = stackalloc byte[Varint.MaxBytes];
        prefix = prefix[..Varint.Write(prefix, (uint)key.Length)];
        int at = AppendHeader(map, prefix.Length + key.Length + value.Length);
        AppendBytes(prefix);
        AppendBytes(key);
        AppendBytes(value);
        Appended(map, at);
        return true;
    }

    /// <summary>Begins a record that repeats: what is added until <see cref="End(SpiField)"/> is part of it. Records may nest.</summary>
    public void Begin(SpiField record)
    {
        if (record.Type != SpiType.RecordSet)
            throw WrongType(record, "a record");
        Check(record);
        int at = _used;
        Reserve(SpiEntry.RecordHeader);
        BinaryPrimitives.WriteUInt16LittleEndian(_arena.AsSpan(at), record.Tag);
        SpiEntry.WriteRecordLength(_arena, at, _open);
        SpiEntry.WriteRecordScope(_arena, at, ++_scopes);
        _used += SpiEntry.RecordHeader;
        _open = at;
        if (_seenAround.Length == _depth)
            Array.Resize(ref _seenAround, Math.Max(UsualDepth, 2 * _depth));
        _seenAround[_depth++] = _seen;
        _seen = default;
    }

    /// <summary>Ends the record begun last.</summary>
    /// <returns>False when it was left out: it is empty, or beyond the session's limits.</returns>
    public bool End(SpiField record) => End(record, unlessSeen: false);

    /// <summary>Ends the record begun last, and drops it when an equal one was added before (the same values in the same order).</summary>
    /// <returns>False when it was dropped, or left out as the other way of ending a record does.</returns>
    public bool EndUnlessSeen(SpiField record) => End(record, unlessSeen: true);

    /// <summary>Records that were begun and not ended.</summary>
    public int OpenRecords => _depth;

    /// <summary>Drops the records that were begun and not ended, with all in them: for whoever was interrupted between the two.</summary>
    /// <param name="keep">How many of them, outermost first, were open before and go on.</param>
    public void AbandonRecords(int keep = 0)
    {
        if (_depth <= keep)
            return;
        while (_depth > keep)
        {
            _used = _open;
            _open = SpiEntry.ReadRecordLength(_arena, _open);
            _seen = _seenAround[--_depth];
        }
        if (_index is { IsActive: true })
            BuildIndex();
    }

    /// <summary>Whether any value of the field was added; of a field in a record, to the one that is open.</summary>
    public bool Has(SpiField field)
    {
        if (!TryScope(field, out int start, out int end))
            return false;
        foreach (SpiEntry entry in new SpiEntries(_arena.AsSpan(0, end), start))
        {
            if (entry.Number == field.Number)
                return true;
        }
        return false;
    }

    /// <summary>Whether the set already holds the string.</summary>
    public bool Contains(SpiField field, ReadOnlySpan<byte> utf8)
    {
        if (field.Parent == OpenNumber && field.Type != SpiType.Utf8List)
            return Find(field, utf8, out _) is var at && at != None && new SpiEntry(_arena, at).Payload.SequenceEqual(utf8);
        if (!TryScope(field, out int start, out int end))
            return false;
        foreach (SpiEntry entry in new SpiEntries(_arena.AsSpan(0, end), start))
        {
            if (entry.Tag == field.Tag && entry.Payload.SequenceEqual(utf8))
                return true;
        }
        return false;
    }

    /// <summary>The values of a field, in the order in which they were added; of a field in a record, those of the one that is open.</summary>
    public SpiValues Values(SpiField field) =>
        TryScope(field, out int start, out int end) ? new SpiValues(_arena.AsSpan(0, end), start, field) : default;

    /// <summary>The value of a field that has one integer or truth value.</summary>
    public bool TryGetLong(SpiField field, out long value)
    {
        foreach (SpiValue found in Values(field))
        {
            value = found.Long;
            return true;
        }
        value = 0;
        return false;
    }

    /// <summary>The value of a field that has one string, or the first of several. Valid until the store changes.</summary>
    public bool TryGetUtf8(SpiField field, out ReadOnlySpan<byte> value)
    {
        foreach (SpiValue found in Values(field))
        {
            value = found.Utf8;
            return true;
        }
        value = default;
        return false;
    }

    /// <summary>The value of a field that has one address, or the first of several.</summary>
    public bool TryGetIp(SpiField field, out UInt128 value)
    {
        foreach (SpiValue found in Values(field))
        {
            value = found.Ip;
            return true;
        }
        value = default;
        return false;
    }

    /// <summary>Forgets all values and keeps the memory, unless it has grown beyond what a session usually needs.</summary>
    public void Reset()
    {
        _index?.Close();
        if (_arena.Length > LargestKeptArena)
        {
            ArrayPool<byte>.Shared.Return(_arena);
            _arena = [];
        }
        _seen = default;
        _depth = 0;
        _used = 0;
        _open = None;
        _scopes = 0;
    }

    /// <summary>Shows entries that somebody else keeps; a store that does is only read.</summary>
    internal void Show(byte[] arena, int used)
    {
        _arena = arena;
        _used = used;
        _seen = SeenFields.All;
    }

    /// <summary>Forgets all values but those of some fields, for the next record of a session that goes on.</summary>
    /// <param name="keeps">By a field's number, whether its values stay.</param>
    public void Retain(ReadOnlySpan<bool> keeps)
    {
        AbandonRecords();
        _index?.Close();
        _seen = default;
        int to = 0;
        for (int at = 0; at < _used; )
        {
            int next = SpiEntry.Skip(_arena.AsSpan(0, _used), at, out ushort tag, out _);
            int number = tag >> 4;
            if (keeps[number])
            {
                _arena.AsSpan(at, next - at).CopyTo(_arena.AsSpan(to));
                to += next - at;
                _seen.Add(number);
            }
            at = next;
        }
        _used = to;
    }

    private int OpenNumber => _open == None ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(_arena.AsSpan(_open)) >> 4;

    private int OpenStart => _open == None ? 0 : _open + SpiEntry.RecordHeader;

    private int OpenScope => _open == None ? 0 : SpiEntry.ReadRecordScope(_arena, _open);

    private static ArgumentException WrongType(SpiField field, string given) => new($"{field} cannot hold {given}.", nameof(field));

    private void Check(SpiField field)
    {
        if (field.Number == 0 || field.Parent != OpenNumber)
            ThrowNotHere(field);
    }

    [DoesNotReturn]
    private void ThrowNotHere(SpiField field)
    {
        if (field.IsNone)
            throw new ArgumentException("This is no field: the handle was never looked up.", nameof(field));
        throw new InvalidOperationException(
            $"{field} belongs to record {field.Parent}, but the record that is open is {OpenNumber} (0: none)."
        );
    }

    private bool End(SpiField record, bool unlessSeen)
    {
        if (record.Number == 0 || record.Number != OpenNumber)
            throw new InvalidOperationException($"{record} is not the record begun last, which is {OpenNumber} (0: none).");
        int at = _open;
        int length = _used - OpenStart;
        ReadOnlySpan<byte> body = _arena.AsSpan(OpenStart, length);
        _open = SpiEntry.ReadRecordLength(_arena, at);
        _used = at;
        _seen = _seenAround[--_depth];
        // an empty record says nothing; and as no record is empty, the look for one finds none and counts all
        int seen = Find(record, unlessSeen ? body : [], out int count);
        if (length == 0 || seen != None || count >= _limits.ValuesPerField)
            return false;
        _used = at + SpiEntry.RecordHeader + length;
        SpiEntry.WriteRecordLength(_arena, at, length);
        Appended(record, at);
        return true;
    }

    [MethodImpl(HotPath.Options)]
    private bool SetSingle(SpiField field, ReadOnlySpan<byte> value)
    {
        Check(field);
        int at = Find(field, default, out _);
        if (at != None)
        {
            var entry = new SpiEntry(_arena, at);
            if (entry.Length == value.Length)
            {
                value.CopyTo(_arena.AsSpan(entry.Start));
                return true;
            }
            Remove(at);
        }
        Append(field, value, default);
        return true;
    }

    [MethodImpl(HotPath.Options)]
    private bool AddToSet(SpiField field, ReadOnlySpan<byte> first, ReadOnlySpan<byte> rest)
    {
        Check(field);
        // in a list nothing is ever found, so that it keeps duplicates
        if (Find(field, first, out int count) != None || count >= _limits.ValuesPerField || !HasRoom(first.Length))
            return false;
        Append(field, first, rest);
        return true;
    }

    /// <summary>
    /// Looks for a value in the innermost record that is open: for a single field's value whatever it is, for a set's or map's by its key.
    /// The count is of the set's values and only complete when nothing was found.
    /// </summary>
    [MethodImpl(HotPath.Options)]
    private int Find(SpiField field, ReadOnlySpan<byte> key, out int count)
    {
        count = 0;
        if (!_seen.MayHave(field))
            return None;
        bool single = SpiField.IsSingle(field.Type);
        if (_index is { IsActive: true } index)
        {
            int scope = OpenScope;
            int place = index.Find(_arena, scope, field.Tag, key);
            if (place == None && !single)
                count = index.Count(scope, field.Tag);
            return place;
        }
        ushort tag = field.Tag;
        int at = OpenStart;
        int passed = 0;
        ReadOnlySpan<byte> arena = Arena;
        while (at < arena.Length)
        {
            int next = SpiEntry.Skip(arena, at, out ushort found, out _);
            if (found == tag)
            {
                if (single || (field.Type != SpiType.Utf8List && new SpiEntry(arena, at).Key.SequenceEqual(key)))
                    break;
                count++;
            }
            at = next;
            passed++;
        }
        if (passed > LongestScan)
            BuildIndex();
        return at < arena.Length ? at : None;
    }

    private bool HasRoom(int bytes) => _used + bytes <= _limits.Bytes;

    [MethodImpl(HotPath.Options)]
    private void Append(SpiField field, ReadOnlySpan<byte> first, ReadOnlySpan<byte> rest)
    {
        int at = AppendHeader(field, first.Length + rest.Length);
        AppendBytes(first);
        AppendBytes(rest);
        Appended(field, at);
    }

    private int AppendHeader(SpiField field, int length)
    {
        int at = _used;
        Reserve(sizeof(ushort) + Varint.MaxBytes + length);
        BinaryPrimitives.WriteUInt16LittleEndian(_arena.AsSpan(at), field.Tag);
        _used = at + sizeof(ushort);
        _used += Varint.Write(_arena.AsSpan(_used), (uint)length);
        return at;
    }

    private void AppendBytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_arena.AsSpan(_used));
        _used += bytes.Length;
    }

    [MethodImpl(HotPath.Options)]
    private void Appended(SpiField field, int at)
    {
        _seen.Add(field.Number);
        if (_index is { IsActive: true } index)
            index.Insert(OpenScope, new SpiEntry(_arena, at), at);
    }

    private void Reserve(int bytes)
    {
        if (_arena.Length - _used >= bytes)
            return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(SmallestArena, Math.Max(checked(_used + bytes), 2 * _used)));
        _arena.AsSpan(0, _used).CopyTo(larger);
        if (_arena.Length > 0)
            ArrayPool<byte>.Shared.Return(_arena);
        _arena = larger;
    }

    /// <summary>Takes out an entry of the innermost record that is open.</summary>
    private void Remove(int at)
    {
        int next = new SpiEntry(_arena, at).Next;
        _arena.AsSpan(next, _used - next).CopyTo(_arena.AsSpan(at));
        _used -= next - at;
        // what came after has moved; strings that change their length again and again in a session of many values are rare
        if (_index is { IsActive: true })
            BuildIndex();
    }

    private void BuildIndex()
    {
        SpiIndex index = _index ??= new SpiIndex();
        index.Open();
        int open = _open;
        int end = _used;
        while (true)
        {
            int scope = open == None ? 0 : SpiEntry.ReadRecordScope(_arena, open);
            int at = open == None ? 0 : open + SpiEntry.RecordHeader;
            while (at < end)
            {
                var entry = new SpiEntry(_arena, at);
                index.Insert(scope, entry, at);
                at = entry.Next;
            }
            if (open == None)
                return;
            end = open;
            open = SpiEntry.ReadRecordLength(_arena, open);
        }
    }

    /// <summary>Where the entries lie among which a field's are: the record of its kind that is open, or the top. False when it has none.</summary>
    private bool TryScope(SpiField field, out int start, out int end)
    {
        int open = _open;
        end = _used;
        int depth = _depth;
        while (open != None && BinaryPrimitives.ReadUInt16LittleEndian(_arena.AsSpan(open)) >> 4 != field.Parent)
        {
            end = open;
            open = SpiEntry.ReadRecordLength(_arena, open);
            depth--;
        }
        start = open == None ? 0 : open + SpiEntry.RecordHeader;
        SeenFields seen = depth == _depth ? _seen : _seenAround[depth];
        return (open != None || field.Parent == 0) && seen.MayHave(field);
    }

    /// <summary>Most values are a few bytes of ASCII, for which the framework's test takes several times as long.</summary>
    private static bool IsValid(ReadOnlySpan<byte> utf8)
    {
        ulong all = 0;
        ReadOnlySpan<byte> rest = utf8;
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
            all |= BinaryPrimitives.ReadUInt64LittleEndian(rest);
        foreach (byte b in rest)
            all |= b;
        return (all & 0x8080_8080_8080_8080) == 0 || Utf8.IsValid(utf8);
    }

    private ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length <= _limits.BytesPerValue)
            return utf8;
        int length = _limits.BytesPerValue;
        while (length > 0 && (utf8[length] & 0xC0) == 0x80)
            length--;
        return utf8[..length];
    }

    private bool AddRepaired(SpiField field, ReadOnlySpan<byte> bytes)
    {
        byte[] buffer = Repair(bytes, out int length);
        bool added = Add(field, buffer.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(buffer);
        return added;
    }

    private bool AddRepairedEntry(SpiField map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        byte[] keyBuffer = Repair(key, out int keyLength);
        byte[] valueBuffer = Repair(value, out int valueLength);
        bool added = AddEntry(map, keyBuffer.AsSpan(0, keyLength), valueBuffer.AsSpan(0, valueLength));
        ArrayPool<byte>.Shared.Return(keyBuffer);
        ArrayPool<byte>.Shared.Return(valueBuffer);
        return added;
    }

    /// <summary>Replaces each maximal part that can't be UTF-8 by U+FFFD (Unicode 15, section 3.9), of as much as a value may have.</summary>
    private byte[] Repair(ReadOnlySpan<byte> bytes, out int length)
    {
        if (bytes.Length > _limits.BytesPerValue)
            bytes = bytes[.._limits.BytesPerValue];
        byte[] buffer = ArrayPool<byte>.Shared.Rent((bytes.Length * 3) + 4);
        length = 0;
        while (bytes.Length > 0)
        {
            Rune.DecodeFromUtf8(bytes, out Rune rune, out int consumed);
            length += rune.EncodeToUtf8(buffer.AsSpan(length));
            bytes = bytes[consumed..];
        }
        return buffer;
    }

    /// <summary>The fields of one record, by number modulo 128: some that it has not may seem to be there, never the other way.</summary>
    private struct SeenFields
    {
        private ulong _low;
        private ulong _high;

        /// <summary>For a store of which it is not known.</summary>
        public static SeenFields All => new() { _low = ulong.MaxValue, _high = ulong.MaxValue };

        public readonly bool MayHave(SpiField field) => (((field.Number & 64) == 0 ? _low : _high) & (1UL << field.Number)) != 0;

        public void Add(int number)
        {
            if ((number & 64) == 0)
                _low |= 1UL << number;
            else
                _high |= 1UL << number;
        }
    }
}
