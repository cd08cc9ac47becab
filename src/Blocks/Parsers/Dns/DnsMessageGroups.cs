using System.Buffers;
using System.Buffers.Binary;

namespace FlowPipe.Parsers.Dns;

/// <summary>
/// The messages of a log by question: those with the same id, operation, name, type and class are a group, led by the first of them.
/// <code>
/// log: | hash of the question (4) | length (2) | message | …
/// </code>
/// </summary>
internal ref struct DnsMessageGroups
{
    /// <summary>Bytes before each message in the log.</summary>
    public const int Header = 6;

    private const int Buckets = 256; // a power of two

    private readonly ReadOnlySpan<byte> _log;
    private readonly Entry[] _entries;
    private readonly int _count;

    private struct Entry
    {
        public uint Hash;
        public int Start;
        public int Length;
        public bool IsLeader;
        public int NextInBucket; // of leaders
        public int NextMember;
        public int LastMember;
    }

    public DnsMessageGroups(ReadOnlySpan<byte> log, int count, bool isMulticast)
    {
        _log = log;
        _count = count;
        _entries = ArrayPool<Entry>.Shared.Rent(count);
        Span<int> buckets = stackalloc int[Buckets];
        buckets.Fill(-1);
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            ref Entry entry = ref _entries[i];
            entry.Hash = BinaryPrimitives.ReadUInt32LittleEndian(log[at..]);
            entry.Length = BinaryPrimitives.ReadUInt16LittleEndian(log[(at + 4)..]);
            entry.Start = at + Header;
            entry.NextMember = -1;
            entry.LastMember = i;
            at = entry.Start + entry.Length;
            ref int bucket = ref buckets[(int)(entry.Hash & (Buckets - 1))];
            int leader = FindLeader(bucket, i, isMulticast);
            entry.IsLeader = leader < 0;
            if (leader < 0)
            {
                entry.NextInBucket = bucket;
                bucket = i;
                continue;
            }
            _entries[_entries[leader].LastMember].NextMember = i;
            _entries[leader].LastMember = i;
        }
    }

    /// <summary>The first group's leader.</summary>
    public readonly int FirstLeader => NextLeader(-1);

    /// <summary>The leader after a leader; −1 when there is none.</summary>
    public readonly int NextLeader(int leader)
    {
        for (int i = leader + 1; i < _count; i++)
        {
            if (_entries[i].IsLeader)
                return i;
        }
        return -1;
    }

    /// <summary>The member of a group after another; −1 when there is none.</summary>
    public readonly int NextMember(int member) => _entries[member].NextMember;

    /// <summary>A message.</summary>
    public readonly ReadOnlySpan<byte> Message(int index) => _log.Slice(_entries[index].Start, _entries[index].Length);

    /// <summary>Gives its memory back.</summary>
    public readonly void Free() => ArrayPool<Entry>.Shared.Return(_entries);

    private readonly int FindLeader(int leader, int index, bool isMulticast)
    {
        for (; leader >= 0; leader = _entries[leader].NextInBucket)
        {
            if (_entries[leader].Hash == _entries[index].Hash && IsSame(Message(leader), Message(index), isMulticast))
                return leader;
        }
        return -1;
    }

    private static bool IsSame(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, bool isMulticast)
    {
        var leftHeader = new DnsHeader(left);
        var rightHeader = new DnsHeader(right);
        if (leftHeader.Id != rightHeader.Id || leftHeader.Opcode != rightHeader.Opcode)
            return false;
        Span<byte> leftSent = stackalloc byte[DnsName.LongestText];
        Span<byte> leftHost = stackalloc byte[InternationalName.LongestText];
        Span<byte> rightSent = stackalloc byte[DnsName.LongestText];
        Span<byte> rightHost = stackalloc byte[InternationalName.LongestText];
        return DnsQuestion.Read(left, isMulticast, leftSent, leftHost, out DnsQuestion leftQuestion) == QuestionFault.None
            && DnsQuestion.Read(right, isMulticast, rightSent, rightHost, out DnsQuestion rightQuestion) == QuestionFault.None
            && leftQuestion.IsSame(in rightQuestion);
    }
}
