namespace FlowPipe.Core.Digests;

/// <summary>
/// Counts records and adds up their digests, all together and in buckets by the first bits of their ids, so that what does not agree can be
/// narrowed down. Takes the same memory for any number of records. Not safe for several threads.
/// </summary>
public sealed class DigestBuckets
{
    /// <summary>Bits of an id that tell buckets apart, at most.</summary>
    public const int BitsMax = 12;

    private readonly long[] _records;
    private readonly DigestSum[] _sums;

    /// <param name="bits">Bits that tell buckets apart.</param>
    public DigestBuckets(int bits = BitsMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, BitsMax);
        Bits = bits;
        _records = new long[1 << bits];
        _sums = new DigestSum[1 << bits];
    }

    /// <summary>Bits that tell buckets apart.</summary>
    public int Bits { get; }

    /// <summary>How many buckets there are.</summary>
    public int Count => _records.Length;

    /// <summary>Records in all.</summary>
    public long Records { get; private set; }

    /// <summary>The sum over all records.</summary>
    public DigestSum Total { get; private set; }

    /// <summary>Records of a bucket.</summary>
    public long RecordsOf(int bucket) => _records[bucket];

    /// <summary>The sum over a bucket's records.</summary>
    public DigestSum SumOf(int bucket) => _sums[bucket];

    /// <summary>The bucket that an id belongs to: the id's first bits.</summary>
    public int BucketOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return ((bytes[0] << 8) | bytes[1]) >> (16 - Bits);
    }

    /// <summary>Counts a record.</summary>
    public void Add(Guid id, ReadOnlySpan<byte> digest)
    {
        int bucket = BucketOf(id);
        _records[bucket]++;
        _sums[bucket].Add(digest);
        Records++;
        DigestSum total = Total;
        total.Add(digest);
        Total = total;
    }

    /// <summary>Sets what a bucket has; for who reads it from a manifest.</summary>
    public void Add(int bucket, long records, in DigestSum sum)
    {
        _records[bucket] += records;
        _sums[bucket].Add(sum);
        Records += records;
        DigestSum total = Total;
        total.Add(sum);
        Total = total;
    }

    /// <summary>The same in fewer buckets.</summary>
    public DigestBuckets Fold(int bits)
    {
        var folded = new DigestBuckets(Math.Min(bits, Bits));
        for (int i = 0; i < Count; i++)
            folded.Add(i >> (Bits - folded.Bits), _records[i], in _sums[i]);
        return folded;
    }
}
