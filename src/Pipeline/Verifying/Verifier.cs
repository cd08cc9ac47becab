using System.Globalization;
using Avro;
using FlowPipe.Core;
using FlowPipe.Core.Digests;
using FlowPipe.Pipeline.Manifests;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Verifying;

/// <summary>
/// Compares the records of a topic or file with a run's manifest. One look suffices when they agree: count and sum prove that each record is
/// there, as it was made, and once. Else the buckets whose sums differ are looked at again, so many at a time that memory stays bounded.
/// </summary>
internal sealed class Verifier : IDisposable
{
    /// <summary>Records that are remembered at once, of about 150 bytes each.</summary>
    internal const int RecordsAtOnce = 500_000;

    /// <summary>Of a bucket in which something was changed, nobody knows what: so many ids at most are named.</summary>
    private const int CandidatesMax = 16;

    private readonly RunManifest _manifest;
    private readonly RawSource _source;
    private readonly Findings _findings;
    private readonly int _recordsAtOnce;
    private readonly RecordHasher _hasher = new();

    public Verifier(RunManifest manifest, RawSource source, Findings findings, int recordsAtOnce = RecordsAtOnce)
    {
        _manifest = manifest;
        _source = source;
        _findings = findings;
        _recordsAtOnce = recordsAtOnce;
    }

    /// <summary>Records that the run made, by its manifest.</summary>
    public long Expected { get; private set; }

    /// <summary>Records that were read.</summary>
    public long Found { get; private set; }

    /// <summary>How the records are encoded.</summary>
    public RecordEncoding Encoding { get; private set; }

    public void Dispose() => _hasher.Dispose();

    /// <summary>Compares.</summary>
    /// <param name="reference">Opens a list of the run's ids and digests in an encoding; null when there is none.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="FlowPipeException">They can't be compared.</exception>
    public void Run(Func<RecordEncoding, IReference>? reference, CancellationToken stop)
    {
        DigestBuckets found = Look(stop);
        ManifestDigest digest =
            (Encoding == RecordEncoding.Avro ? _manifest.Digests.Avro : _manifest.Digests.Json)
            ?? throw new FlowPipeException(
                $"{_source.Name}: its records are {Name(Encoding)}, and the manifest has digests of {Name(Other(Encoding))} only: the run had no sink of this form"
            );
        DigestBuckets expected =
            digest.ToBuckets()
            ?? throw new FlowPipeException("the manifest contradicts itself: its buckets don't add up to its sum; it was altered or cut");
        Expected = expected.Records;
        if (Encoding == RecordEncoding.Avro && Found > 0)
            CheckSchema(digest.Schema);
        found = found.Fold(expected.Bits);
        var differing = new List<int>();
        for (int i = 0; i < expected.Count; i++)
            if (expected.RecordsOf(i) != found.RecordsOf(i) || expected.SumOf(i) != found.SumOf(i))
                differing.Add(i);
        if (differing.Count == 0)
            return;
        IReference? list = reference?.Invoke(Encoding);
        if (list is not null)
            CheckReference(list, expected, stop);
        foreach (HashSet<int> slice in Slices(differing, expected, found))
            Narrow(slice, expected, list, stop);
    }

    /// <summary>Adds up all that there is.</summary>
    private DigestBuckets Look(CancellationToken stop)
    {
        var found = new DigestBuckets();
        RecordEncoding? encoding = null;
        Span<byte> digest = stackalloc byte[DigestSum.Length];
        foreach (RawRecord record in _source.Read(stop))
        {
            if (record.Fault is { } fault)
            {
                _findings.Add(FindingKind.Unreadable, null, $"{_source.Show(record.Place)}: {fault}");
                continue;
            }
            encoding ??= record.Encoding;
            if (record.Encoding != encoding)
            {
                string other = $"{_source.Show(record.Place)}: it is {Name(record.Encoding)}, the first record was {Name(encoding.Value)}";
                _findings.Add(FindingKind.Unreadable, record.Id, other);
                continue;
            }
            _hasher.Hash(record.Id, record.Content.Span, record.Uris, digest);
            found.Add(record.Id, digest);
        }
        Found = found.Records;
        Encoding = encoding ?? (_manifest.Digests.Avro is null ? RecordEncoding.Json : RecordEncoding.Avro);
        return found;
    }

    /// <summary>The bytes may be the same and yet mean something else.</summary>
    private void CheckSchema(string? expected)
    {
        string found;
        try
        {
            found = new AvroSingleObject(_source.Schema!).Fingerprint;
        }
        catch (Exception e) when (e is AvroException or ArgumentException)
        {
            found = e.Message;
        }
        if (expected is not null && expected != found)
            _findings.Add(
                FindingKind.Unreadable,
                null,
                $"{_source.Name}: the schema by which it is read ({found}) is not that of the run ({expected})"
            );
    }

    private static void CheckReference(IReference reference, DigestBuckets expected, CancellationToken stop)
    {
        var sums = new DigestBuckets(0);
        reference.Read((id, digest) => sums.Add(id, digest), stop);
        if (sums.Records != expected.Records || sums.Total != expected.Total)
            throw new FlowPipeException(
                $"{reference.Name}: it is not of the manifest's run, or was altered: it has {sums.Records} records, and their digests add up to another sum"
            );
    }

    /// <summary>Buckets whose records fit into memory together.</summary>
    private IEnumerable<HashSet<int>> Slices(List<int> differing, DigestBuckets expected, DigestBuckets found)
    {
        var slice = new HashSet<int>();
        long records = 0;
        foreach (int bucket in differing)
        {
            long more = expected.RecordsOf(bucket) + found.RecordsOf(bucket);
            if (slice.Count > 0 && records + more > _recordsAtOnce)
            {
                yield return slice;
                slice = [];
                records = 0;
            }
            slice.Add(bucket);
            records += more;
        }
        yield return slice;
    }

    /// <summary>Says what is wrong in some buckets.</summary>
    private void Narrow(HashSet<int> buckets, DigestBuckets expected, IReference? reference, CancellationToken stop)
    {
        Dictionary<Guid, Seen> seen = Gather(buckets, expected, stop);
        foreach ((Guid id, Seen record) in seen)
            if (record.Copies > 1)
                _findings.Add(
                    FindingKind.Doubled,
                    id,
                    $"{record.Copies} times, first at {_source.Show(record.First)}, last at {_source.Show(record.Last)}{(record.Others is null ? "" : "; they differ")}",
                    record.Copies - 1
                );
        if (reference is null)
            NarrowBySums(buckets, expected, seen);
        else
            NarrowByReference(buckets, expected, reference, seen, stop);
    }

    private Dictionary<Guid, Seen> Gather(HashSet<int> buckets, DigestBuckets expected, CancellationToken stop)
    {
        var seen = new Dictionary<Guid, Seen>();
        Span<byte> digest = stackalloc byte[DigestSum.Length];
        foreach (RawRecord record in _source.Read(stop))
        {
            if (record.Fault is not null || record.Encoding != Encoding || !buckets.Contains(expected.BucketOf(record.Id)))
                continue;
            _hasher.Hash(record.Id, record.Content.Span, record.Uris, digest);
            DigestSum sum = default;
            sum.Add(digest);
            if (!seen.TryGetValue(record.Id, out Seen? before))
            {
                seen[record.Id] = new Seen
                {
                    Digest = sum,
                    First = record.Place,
                    Last = record.Place,
                };
                continue;
            }
            before.Copies++;
            before.Last = record.Place;
            // Of copies that differ at most one is as it was made: which, only a list of digests tells.
            if (before.Digest != sum)
                (before.Others ??= []).Add((sum, record.Place));
        }
        return seen;
    }

    private void NarrowByReference(
        HashSet<int> buckets,
        DigestBuckets expected,
        IReference reference,
        Dictionary<Guid, Seen> seen,
        CancellationToken stop
    )
    {
        reference.Read(
            (id, digest) =>
            {
                if (!buckets.Contains(expected.BucketOf(id)))
                    return;
                if (!seen.TryGetValue(id, out Seen? record))
                {
                    _findings.Add(FindingKind.Missing, id, "");
                    return;
                }
                record.IsExpected = true;
                DigestSum sum = default;
                sum.Add(digest);
                if (record.Digest != sum)
                    _findings.Add(FindingKind.Changed, id, _source.Show(record.First));
                foreach ((DigestSum other, RecordPlace place) in record.Others ?? [])
                    if (other != sum)
                        _findings.Add(FindingKind.Changed, id, _source.Show(place));
            },
            stop
        );
        foreach ((Guid id, Seen record) in seen)
            if (!record.IsExpected)
                _findings.Add(FindingKind.Surplus, id, $"not of this run: {_source.Show(record.First)}");
    }

    /// <summary>Without a list of ids: what a bucket's count and sum still tell once copies are taken out.</summary>
    private void NarrowBySums(HashSet<int> buckets, DigestBuckets expected, Dictionary<Guid, Seen> seen)
    {
        var distinct = new DigestBuckets(expected.Bits);
        foreach ((Guid id, Seen record) in seen)
        {
            DigestSum sum = record.Digest;
            distinct.Add(expected.BucketOf(id), 1, in sum);
        }
        foreach (int bucket in buckets)
        {
            long more = distinct.RecordsOf(bucket) - expected.RecordsOf(bucket);
            if (more == 0 && distinct.SumOf(bucket) == expected.SumOf(bucket))
                continue;
            string among = Among(bucket, expected.Bits);
            if (more < 0)
                _findings.Add(FindingKind.Missing, null, $"{-more} of {expected.RecordsOf(bucket)} records {among}", -more);
            else if (more > 0)
                _findings.Add(FindingKind.Surplus, null, $"{more} records more than the run made {among}", more);
            else
                _findings.Add(
                    FindingKind.Changed,
                    null,
                    $"at least one of {distinct.RecordsOf(bucket)} records {among}{Candidates(bucket, expected, seen)}"
                );
        }
    }

    private string Candidates(int bucket, DigestBuckets expected, Dictionary<Guid, Seen> seen)
    {
        var ids = new List<string>();
        foreach ((Guid id, Seen record) in seen)
            if (expected.BucketOf(id) == bucket && ids.Count <= CandidatesMax)
                ids.Add($"{id} ({_source.Show(record.First)})");
        return ids.Count > CandidatesMax ? "" : ": " + string.Join(", ", ids);
    }

    /// <summary>The ids of a bucket, by what they begin with.</summary>
    private static string Among(int bucket, int bits)
    {
        if (bits == 0)
            return "of all";
        int first = bucket << (16 - bits);
        int last = first | ((1 << (16 - bits)) - 1);
        return string.Create(CultureInfo.InvariantCulture, $"with ids from {first:x4} to {last:x4}");
    }

    private static RecordEncoding Other(RecordEncoding encoding) =>
        encoding == RecordEncoding.Avro ? RecordEncoding.Json : RecordEncoding.Avro;

    private static string Name(RecordEncoding encoding) => encoding == RecordEncoding.Avro ? "Avro" : "JSON documents";

    /// <summary>A record that was found, and its copies.</summary>
    private sealed class Seen
    {
        public DigestSum Digest { get; init; }
        public RecordPlace First { get; init; }
        public RecordPlace Last { get; set; }
        public int Copies { get; set; } = 1;
        public bool IsExpected { get; set; }

        /// <summary>Copies that differ from the first.</summary>
        public List<(DigestSum Digest, RecordPlace Place)>? Others { get; set; }
    }
}
