using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Http2;

/// <summary>
/// The dynamic table of one direction (RFC 7541 section 2.3.2): the newest entry has the lowest index, the oldest leave when room is needed.
/// The bytes of all entries lie one after the other in pooled memory, twice as long as they may be, so that they move only now and then.
/// </summary>
internal sealed class HpackTable
{
    /// <summary>What an entry counts for besides its bytes (section 4.1).</summary>
    private const int Overhead = 32;

    private const int DefaultSize = 4096;

    /// <summary>Larger tables, which nearly nobody has, are refused.</summary>
    private const int LargestSize = 64 * 1024;

    private Entry[] _entries = new Entry[16];
    private int _oldest;
    private byte[]? _bytes;
    private int _end; // of the newest entry's bytes
    private int _size; // as section 4.1 counts

    /// <summary>What <see cref="_size"/> may be.</summary>
    public int Limit { get; private set; } = DefaultSize;

    /// <summary>Entries that it has.</summary>
    public int Count { get; private set; }

    /// <summary>A name; index 1 is the newest. Valid until the table changes.</summary>
    public ReadOnlySpan<byte> Name(int index)
    {
        ref Entry entry = ref At(Count - index);
        return _bytes.AsSpan(entry.Start, entry.NameLength);
    }

    /// <summary>A value; index 1 is the newest. Valid until the table changes.</summary>
    public ReadOnlySpan<byte> Value(int index)
    {
        ref Entry entry = ref At(Count - index);
        return _bytes.AsSpan(entry.Start + entry.NameLength, entry.ValueLength);
    }

    /// <summary>Adds an entry; neither may lie in the table itself. One that is too large empties the table (section 4.4).</summary>
    public void Add(Session session, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        int length = name.Length + value.Length;
        Evict(Limit - length - Overhead);
        if (length + Overhead > Limit)
            return;
        Reserve(session, length);
        if (Count == _entries.Length)
            Grow();
        At(Count) = new Entry(_end, name.Length, value.Length);
        Count++;
        name.CopyTo(_bytes.AsSpan(_end));
        value.CopyTo(_bytes.AsSpan(_end + name.Length));
        _end += length;
        _size += length + Overhead;
    }

    /// <summary>Changes what the table may hold (section 6.3).</summary>
    /// <returns>False when it is more than is supported.</returns>
    public bool TryResize(int limit)
    {
        if (limit > LargestSize)
            return false;
        Limit = limit;
        Evict(limit);
        return true;
    }

    /// <summary>Makes it as new.</summary>
    public void Free(Session session)
    {
        if (_bytes is not null)
            session.Pool.Return(_bytes);
        _bytes = null;
        Limit = DefaultSize;
        Count = _oldest = _end = _size = 0;
    }

    private ref Entry At(int place) => ref _entries[(_oldest + place) & (_entries.Length - 1)];

    private void Evict(int size)
    {
        while (Count > 0 && _size > size)
        {
            ref Entry entry = ref At(0);
            _size -= entry.NameLength + entry.ValueLength + Overhead;
            _oldest++;
            Count--;
        }
        if (Count == 0)
            _end = 0;
    }

    private void Reserve(Session session, int length)
    {
        if (_bytes is not null && _end + length <= _bytes.Length)
            return;
        int start = Count > 0 ? At(0).Start : _end;
        byte[] bytes = _bytes is null || _bytes.Length < 2 * Limit ? session.Pool.Rent(2 * Math.Max(Limit, DefaultSize)) : _bytes;
        _bytes.AsSpan(start, _end - start).CopyTo(bytes);
        if (_bytes is not null && bytes != _bytes)
            session.Pool.Return(_bytes);
        _bytes = bytes;
        for (int i = 0; i < Count; i++)
            At(i) = At(i) with { Start = At(i).Start - start };
        _end -= start;
    }

    private void Grow()
    {
        var larger = new Entry[2 * _entries.Length];
        for (int i = 0; i < Count; i++)
            larger[i] = At(i);
        _entries = larger;
        _oldest = 0;
    }

    private readonly record struct Entry(int Start, int NameLength, int ValueLength);
}
