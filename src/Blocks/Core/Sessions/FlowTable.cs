using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// One partition's sessions by key: extendible hashing. A directory leads to segments of open addressing with linear probing; a segment that
/// fills is split in two by one more bit of the hash, so that the table grows by a segment at a time and no packet waits for more than that.
/// All bits come from the low half of the hash (the partition came from the high half), and the hash is kept beside the session, so that a
/// probe rarely touches a session that it does not want.
/// <code>
/// hash   63 … 32 partition | 31 … 10 segment, as many of these bits as the directory needs, from the lowest | 9 … 0 bucket
/// </code>
/// </summary>
internal sealed class FlowTable
{
    private const int SegmentBits = 10;
    private const int SegmentSize = 1 << SegmentBits;

    /// <summary>What an array and a segment take beyond their entries.</summary>
    private const int Overhead = 56;

    private Segment[] _directory = [new(SegmentSize, depth: 0)];

    /// <summary>Sessions in it.</summary>
    public int Count { get; private set; }

    /// <summary>Buckets.</summary>
    public int Capacity { get; private set; } = SegmentSize;

    /// <summary>Segments, each of which is split without the others being touched.</summary>
    public int Segments { get; private set; } = 1;

    /// <summary>Bytes that it takes.</summary>
    public long MemoryBytes { get; private set; } = SizeOf(SegmentSize) + sizeof(long);

    [MethodImpl(HotPath.Options)]
    public FlowSession? Find(ulong hash, in SessionId id)
    {
        Entry[] entries = SegmentOf(hash).Entries;
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

    public void Add(FlowSession session)
    {
        Segment segment;
        while ((segment = SegmentOf(session.Hash)).Count >= segment.Entries.Length / 8 * 5)
            Grow(segment, session.Hash);
        segment.Insert(session);
        Count++;
    }

    [MethodImpl(HotPath.Options)]
    public void Remove(FlowSession session)
    {
        SegmentOf(session.Hash).Remove(session);
        if (--Count == 0)
            Clear();
    }

    /// <summary>The least number of a source of which a session has packets that are in no record yet; the largest number there is without any.</summary>
    public int OldestSource()
    {
        int oldest = int.MaxValue;
        for (int i = 0; i < _directory.Length; i++)
        {
            Segment segment = _directory[i];
            // A segment stands at every place that ends in its bits; the first of them suffices.
            if (i >> segment.Depth != 0)
                continue;
            foreach (ref readonly Entry entry in segment.Entries.AsSpan())
            {
                if (entry.Session is { } session && session.Packets.Sum > 0)
                    oldest = Math.Min(oldest, session.RecordSource);
            }
        }
        return oldest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Segment SegmentOf(ulong hash)
    {
        Segment[] directory = _directory;
        return directory[(int)((uint)hash >> SegmentBits) & (directory.Length - 1)];
    }

    /// <summary>Makes room in a segment: by a split, or where keys are so alike that splits would not part them, by making it longer.</summary>
    private void Grow(Segment segment, ulong hash)
    {
        bool hasBit = SegmentBits + segment.Depth < 32;
        bool fits = 1 << segment.Depth < _directory.Length || _directory.Length < 4 * Segments;
        if (hasBit && fits)
        {
            if (1 << segment.Depth == _directory.Length)
                Double();
            Split(segment, hash);
            return;
        }
        Entry[] old = segment.Entries;
        segment.Entries = new Entry[old.Length * 2];
        segment.Count = 0;
        foreach (ref Entry entry in old.AsSpan())
        {
            if (entry.Session is not null)
                segment.Insert(entry.Session);
        }
        Capacity += old.Length;
        MemoryBytes += SizeOf(segment.Entries.Length) - SizeOf(old.Length);
    }

    private void Double()
    {
        Segment[] old = _directory;
        _directory = new Segment[old.Length * 2];
        old.CopyTo(_directory, 0);
        old.CopyTo(_directory, old.Length);
        MemoryBytes += old.Length * sizeof(long);
    }

    private void Split(Segment segment, ulong hash)
    {
        var low = new Segment(SegmentSize, segment.Depth + 1);
        var high = new Segment(SegmentSize, segment.Depth + 1);
        uint bit = 1u << (SegmentBits + segment.Depth);
        // A segment that had become longer may not fit into two: then they are longer, too.
        while (low.Entries.Length < segment.Entries.Length)
        {
            low.Entries = new Entry[low.Entries.Length * 2];
            high.Entries = new Entry[low.Entries.Length];
        }
        foreach (ref Entry entry in segment.Entries.AsSpan())
        {
            if (entry.Session is not null)
                (((uint)entry.Hash & bit) == 0 ? low : high).Insert(entry.Session);
        }
        int first = (int)((uint)hash >> SegmentBits) & ((1 << segment.Depth) - 1);
        for (int i = first; i < _directory.Length; i += 1 << segment.Depth)
            _directory[i] = ((i >> segment.Depth) & 1) == 0 ? low : high;
        Segments++;
        Capacity += low.Entries.Length + high.Entries.Length - segment.Entries.Length;
        MemoryBytes += SizeOf(low.Entries.Length) + SizeOf(high.Entries.Length) - SizeOf(segment.Entries.Length);
    }

    /// <summary>Gives back what a flood has made it grow to.</summary>
    private void Clear()
    {
        if (Segments == 1 && Capacity == SegmentSize)
            return;
        _directory = [new(SegmentSize, depth: 0)];
        Segments = 1;
        Capacity = SegmentSize;
        MemoryBytes = SizeOf(SegmentSize) + sizeof(long);
    }

    private static long SizeOf(int entries) => ((long)entries * Unsafe.SizeOf<Entry>()) + Overhead;

    private struct Entry
    {
        public FlowSession? Session;
        public ulong Hash;
    }

    /// <summary>Sessions whose hashes agree in <paramref name="depth"/> bits. An entry that goes moves those behind it up: no tombstones.</summary>
    private sealed class Segment(int size, int depth)
    {
        public Entry[] Entries = new Entry[size];
        public int Count;

        public int Depth => depth;

        public void Insert(FlowSession session)
        {
            Entry[] entries = Entries;
            int mask = entries.Length - 1;
            int i = (int)session.Hash & mask;
            while (entries[i].Session is not null)
                i = (i + 1) & mask;
            entries[i] = new Entry { Session = session, Hash = session.Hash };
            Count++;
        }

        [MethodImpl(HotPath.Options)]
        public void Remove(FlowSession session)
        {
            Entry[] entries = Entries;
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
    }
}
