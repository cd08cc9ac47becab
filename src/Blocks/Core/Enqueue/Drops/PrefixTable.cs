using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Drops;

/// <summary>What a list says of an address.</summary>
internal enum Listed : byte
{
    /// <summary>Nothing.</summary>
    No,

    /// <summary>Its packets are dropped.</summary>
    Drop,

    /// <summary>They are taken, though a wider network is dropped.</summary>
    Allow,
}

/// <summary>A network and what is to become of it. The address is in the family's own bits, at their upper end.</summary>
/// <param name="IsIPv4">The family: 32 bits, else 128.</param>
/// <param name="Start">First address.</param>
/// <param name="Length">Bits of the prefix.</param>
/// <param name="Listed">What its most specific entry says.</param>
internal readonly record struct Prefix(bool IsIPv4, UInt128 Start, int Length, Listed Listed)
{
    private int Bits => IsIPv4 ? 32 : 128;

    /// <summary>Last address.</summary>
    public UInt128 End => Start | (Length == Bits ? UInt128.Zero : UInt128.MaxValue >> (128 - Bits + Length));
}

/// <summary>
/// Networks of both families, the longest prefix deciding. The prefixes are cut into ranges that do not overlap, so a look-up is a binary search,
/// and the table has at most 2n + 1 ranges of 5 bytes (IPv4) or 17 (IPv6), whatever the prefixes. Immutable.
/// </summary>
internal sealed class PrefixTable
{
    private readonly uint[] _starts4;
    private readonly Listed[] _listed4;
    private readonly IpAddress[] _starts6;
    private readonly Listed[] _listed6;

    /// <summary>The last of several entries for the same network counts.</summary>
    public PrefixTable(IEnumerable<Prefix> prefixes)
    {
        List<Prefix> family4 = [];
        List<Prefix> family6 = [];
        foreach (Prefix prefix in prefixes)
            (prefix.IsIPv4 ? family4 : family6).Add(prefix);
        List<(UInt128 Start, Listed Listed)> ranges = Cut(family4, uint.MaxValue);
        _starts4 = new uint[ranges.Count];
        _listed4 = new Listed[ranges.Count];
        for (int i = 0; i < ranges.Count; i++)
            (_starts4[i], _listed4[i]) = ((uint)ranges[i].Start, ranges[i].Listed);
        ranges = Cut(family6, UInt128.MaxValue);
        _starts6 = new IpAddress[ranges.Count];
        _listed6 = new Listed[ranges.Count];
        for (int i = 0; i < ranges.Count; i++)
            (_starts6[i], _listed6[i]) = (new IpAddress((ulong)(ranges[i].Start >> 64), (ulong)ranges[i].Start), ranges[i].Listed);
    }

    /// <summary>What the longest prefix that has the address says.</summary>
    public Listed Find(in IpAddress address) => address.IsIPv4 ? Find4((uint)address.Low) : Find6(in address);

    private Listed Find4(uint address)
    {
        int low = 0;
        int high = _starts4.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_starts4[middle] <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low == 0 ? Listed.No : _listed4[low - 1];
    }

    private Listed Find6(in IpAddress address)
    {
        int low = 0;
        int high = _starts6.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_starts6[middle] <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low == 0 ? Listed.No : _listed6[low - 1];
    }

    /// <summary>The ranges, each up to the next one's start. Prefixes nest or are apart, so a stack of those that are open says what follows each.</summary>
    private static List<(UInt128 Start, Listed Listed)> Cut(List<Prefix> prefixes, UInt128 last)
    {
        int[] order = new int[prefixes.Count];
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        // wider ones first, and the order given between equals
        Array.Sort(
            order,
            (left, right) =>
            {
                int byStart = prefixes[left].Start.CompareTo(prefixes[right].Start);
                int byLength = byStart != 0 ? byStart : prefixes[left].Length - prefixes[right].Length;
                return byLength != 0 ? byLength : left - right;
            }
        );
        List<(UInt128 Start, Listed Listed)> ranges = [];
        Stack<Prefix> open = new();
        foreach (int index in order)
        {
            Prefix prefix = prefixes[index];
            while (open.Count > 0 && open.Peek().End < prefix.Start)
                Close(open, ranges, last);
            Begin(ranges, prefix.Start, prefix.Listed);
            open.Push(prefix);
        }
        while (open.Count > 0)
            Close(open, ranges, last);
        return ranges;
    }

    private static void Close(Stack<Prefix> open, List<(UInt128 Start, Listed Listed)> ranges, UInt128 last)
    {
        UInt128 end = open.Pop().End;
        if (end == (open.Count > 0 ? open.Peek().End : last))
            return; // the wider one ends there too, or the address space
        Begin(ranges, end + 1, open.Count > 0 ? open.Peek().Listed : Listed.No);
    }

    private static void Begin(List<(UInt128 Start, Listed Listed)> ranges, UInt128 start, Listed listed)
    {
        if (ranges.Count > 0 && ranges[^1].Start == start)
            ranges.RemoveAt(ranges.Count - 1);
        if (ranges.Count == 0 || ranges[^1].Listed != listed)
            ranges.Add((start, listed));
    }
}
