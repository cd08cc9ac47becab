using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// One partition's sessions by key: open addressing with linear probing; an entry that goes moves those behind it up, so that there are no
/// tombstones. The bucket comes from the low half of the hash (the partition came from the high half), the other bits are kept beside
/// the session, so that a probe rarely touches a session that it does not want.
/// </summary>
internal sealed class FlowTable
{
    private Entry[] _entries = new Entry[1 << 12];

    /// <summary>Sessions in it.</summary>
    public int Count { get; private set; }

    /// <summary>Buckets.</summary>
    public int Capacity => _entries.Length;

    public FlowSession? Find(ulong hash, in SessionId id)
    {
        Entry[] entries = _entries;
        int mask = entries.Length - 1;
        for (int i = (int)hash & mask; ; i = (i + 1) & mask)
        {
            ref Entry entry = ref entries[i];
            if (entry.Session is not { } session)
                return null;
            if (entry.Hash == hash && session.Id.Equals(in id))
                return session;
        }
    }

    /// <summary>What lies in the first bucket of a key: asked ahead of time, so that several cache misses overlap.</summary>
    public FlowSession? Peek(ulong hash)
    {
        ref Entry entry = ref _entries[(int)hash & (_entries.Length - 1)];
        return entry.Hash == hash ? entry.Session : null;
    }

    public void Add(FlowSession session)
    {
        if (Count >= _entries.Length / 8 * 5)
            Grow();
        Insert(_entries, session);
        Count++;
    }

    public void Remove(FlowSession session)
    {
        Entry[] entries = _entries;
        int mask = entries.Length - 1;
        int hole = (int)session.Hash & mask;
        while (!ReferenceEquals(entries[hole].Session, session))
            hole = (hole + 1) & mask;
        for (int next = (hole + 1) & mask; entries[next].Session is not null; next = (next + 1) & mask)
        {
            // An entry may fill the hole unless its own bucket lies behind the hole.
            int home = (int)entries[next].Hash & mask;
            if (((next - home) & mask) >= ((next - hole) & mask))
            {
                entries[hole] = entries[next];
                hole = next;
            }
        }
        entries[hole] = default;
        Count--;
    }

    private void Grow()
    {
        var larger = new Entry[_entries.Length * 2];
        foreach (ref Entry entry in _entries.AsSpan())
        {
            if (entry.Session is not null)
                Insert(larger, entry.Session);
        }
        _entries = larger;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Insert(Entry[] entries, FlowSession session)
    {
        int mask = entries.Length - 1;
        int i = (int)session.Hash & mask;
        while (entries[i].Session is not null)
            i = (i + 1) & mask;
        entries[i] = new Entry { Session = session, Hash = session.Hash };
    }

    private struct Entry
    {
        public FlowSession? Session;
        public ulong Hash;
    }
}
