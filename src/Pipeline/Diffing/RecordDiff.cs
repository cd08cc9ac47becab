using FlowPipe.Core;
using FlowPipe.Core.Digests;
using FlowPipe.Pipeline.Verifying;

namespace FlowPipe.Pipeline.Diffing;

/// <summary>How two outputs differ in a record.</summary>
internal enum DifferenceKind
{
    OnlyInA,
    OnlyInB,
    Changed,
}

/// <param name="Path">The field.</param>
/// <param name="A">Its value in A, as JSON; null when it is absent.</param>
/// <param name="B">Its value in B.</param>
internal readonly record struct FieldChange(string Path, string? A, string? B);

/// <param name="Kind">How.</param>
/// <param name="Id">The record's id.</param>
/// <param name="Summary">When it was, and who with whom.</param>
/// <param name="Fields">What has changed.</param>
internal sealed record Difference(DifferenceKind Kind, Guid Id, string Summary, IReadOnlyList<FieldChange> Fields);

/// <summary>
/// Compares the records of two sources by id. A first look adds up digests by the first bits of the ids; where they agree nothing more is done. The
/// rest is compared in as many looks as memory asks for: what A has of some buckets is held, and B's records are laid beside it.
/// </summary>
internal sealed class RecordDiff : IDisposable
{
    /// <summary>Bytes of records that are held at once.</summary>
    internal const long BytesAtOnce = 64 * 1024 * 1024;

    private readonly RawSource _a;
    private readonly RawSource _b;
    private readonly IReadOnlyList<string> _ignored;
    private readonly Action<Difference> _show;
    private readonly long _bytesAtOnce;
    private readonly FieldValues _aFields;
    private readonly FieldValues _bFields;
    private readonly RecordHasher _hasher = new();

    /// <param name="a">One source.</param>
    /// <param name="b">The other.</param>
    /// <param name="ignored">Fields that may differ, without the numbers of items; what is inside of them too.</param>
    /// <param name="show">Takes each difference.</param>
    /// <param name="bytesAtOnce">Bytes of records that are held at once.</param>
    public RecordDiff(RawSource a, RawSource b, IReadOnlyList<string> ignored, Action<Difference> show, long bytesAtOnce = BytesAtOnce)
    {
        _a = a;
        _b = b;
        _ignored = ignored;
        _show = show;
        _bytesAtOnce = bytesAtOnce;
        _aFields = new FieldValues(a);
        _bFields = new FieldValues(b);
    }

    public long RecordsOfA { get; private set; }
    public long RecordsOfB { get; private set; }
    public long OnlyInA { get; private set; }
    public long OnlyInB { get; private set; }
    public long Changed { get; private set; }

    /// <summary>Looks at each source.</summary>
    public int Looks { get; private set; }

    public bool Any => OnlyInA + OnlyInB + Changed > 0;

    public void Dispose() => _hasher.Dispose();

    /// <summary>Compares.</summary>
    /// <exception cref="FlowPipeException">A source has a record that can't be read.</exception>
    public void Run(CancellationToken stop)
    {
        long[] bytes = new long[1 << DigestBuckets.BitsMax];
        DigestBuckets a = AddUp(_a, bytes, stop);
        DigestBuckets b = AddUp(_b, bytes, stop);
        RecordsOfA = a.Records;
        RecordsOfB = b.Records;
        Looks = 1;
        var slice = new bool[a.Count];
        long held = 0;
        bool any = false;
        for (int i = 0; i < a.Count; i++)
        {
            if (a.RecordsOf(i) == b.RecordsOf(i) && a.SumOf(i) == b.SumOf(i))
                continue;
            if (any && held + bytes[i] > _bytesAtOnce)
            {
                Compare(a, slice, stop);
                Array.Clear(slice);
                held = 0;
            }
            slice[i] = true;
            held += bytes[i];
            any = true;
        }
        if (any)
            Compare(a, slice, stop);
    }

    private DigestBuckets AddUp(RawSource source, long[] bytes, CancellationToken stop)
    {
        var sums = new DigestBuckets();
        Span<byte> digest = stackalloc byte[DigestSum.Length];
        foreach (RawRecord record in source.Read(stop))
        {
            if (record.Fault is { } fault)
                throw new FlowPipeException($"{source.Show(record.Place)}: the record can't be read: {fault}");
            _hasher.Hash(record.Id, record.Content.Span, record.Uris, digest);
            sums.Add(record.Id, digest);
            bytes[sums.BucketOf(record.Id)] += record.Content.Length;
        }
        return sums;
    }

    private void Compare(DigestBuckets buckets, bool[] slice, CancellationToken stop)
    {
        Looks++;
        var held = new Dictionary<Guid, List<Held>>();
        foreach (RawRecord record in _a.Read(stop))
        {
            if (record.Fault is not null || !slice[buckets.BucketOf(record.Id)])
                continue;
            if (!held.TryGetValue(record.Id, out List<Held>? copies))
                held[record.Id] = copies = new List<Held>(1);
            copies.Add(new Held(record.Encoding, record.Content.ToArray(), record.Uris));
        }
        foreach (RawRecord record in _b.Read(stop))
        {
            if (record.Fault is not null || !slice[buckets.BucketOf(record.Id)])
                continue;
            if (held.TryGetValue(record.Id, out List<Held>? copies) && copies.Count > 0)
                CompareOne(record, copies);
            else
                Add(new Difference(DifferenceKind.OnlyInB, record.Id, _bFields.Summary(record.Encoding, record.Content), []));
        }
        foreach ((Guid id, List<Held> copies) in held)
        foreach (Held record in copies)
            Add(new Difference(DifferenceKind.OnlyInA, id, _aFields.Summary(record.Encoding, record.Content), []));
    }

    private void CompareOne(in RawRecord b, List<Held> copies)
    {
        for (int i = 0; i < copies.Count; i++)
        {
            if (copies[i].IsSame(b))
            {
                copies.RemoveAt(i);
                return;
            }
        }
        Held a = copies[0];
        copies.RemoveAt(0);
        List<FieldChange> changes;
        try
        {
            bool mixed = a.Encoding != b.Encoding;
            changes = Changes(_aFields.Of(a.Encoding, a.Content, mixed), _bFields.Of(b.Encoding, b.Content, mixed));
        }
        catch (InvalidDataException e)
        {
            throw new FlowPipeException($"{_b.Show(b.Place)}: record {b.Id} can't be compared: {e.Message}", e);
        }
        if (changes.Count > 0)
            Add(new Difference(DifferenceKind.Changed, b.Id, _bFields.Summary(b.Encoding, b.Content), changes));
    }

    private List<FieldChange> Changes(SortedDictionary<string, string> a, SortedDictionary<string, string> b)
    {
        var changes = new List<FieldChange>();
        foreach ((string path, string value) in a)
        {
            string? other = b.GetValueOrDefault(path);
            if (value != other && !IsIgnored(path))
                changes.Add(new FieldChange(path, value, other));
        }
        foreach ((string path, string value) in b)
            if (!a.ContainsKey(path) && !IsIgnored(path))
                changes.Add(new FieldChange(path, null, value));
        changes.Sort(static (x, y) => string.CompareOrdinal(x.Path, y.Path));
        return changes;
    }

    private bool IsIgnored(string path)
    {
        string name = Unnumbered(path);
        foreach (string ignored in _ignored)
            if (name == ignored || (name.StartsWith(ignored, StringComparison.Ordinal) && name[ignored.Length] is '.' or '['))
                return true;
        return false;
    }

    /// <summary>A field's path without the numbers of items: <c>dns[].host</c>.</summary>
    internal static string Unnumbered(string path)
    {
        for (int open = path.IndexOf('['); open >= 0; open = path.IndexOf('[', open + 1))
        {
            int close = path.IndexOf(']', open);
            if (close > open)
                path = path.Remove(open + 1, close - open - 1);
        }
        return path;
    }

    private void Add(Difference difference)
    {
        switch (difference.Kind)
        {
            case DifferenceKind.OnlyInA:
                OnlyInA++;
                break;
            case DifferenceKind.OnlyInB:
                OnlyInB++;
                break;
            default:
                Changed++;
                break;
        }
        _show(difference);
    }

    /// <summary>A record of A's, kept.</summary>
    private sealed record Held(RecordEncoding Encoding, byte[] Content, Range Uris)
    {
        /// <summary>Whether another is the same, but for where its capture was found.</summary>
        public bool IsSame(in RawRecord other)
        {
            ReadOnlySpan<byte> mine = Content;
            ReadOnlySpan<byte> its = other.Content.Span;
            return Encoding == other.Encoding
                && mine[..Uris.Start.Value].SequenceEqual(its[..other.Uris.Start.Value])
                && mine[Uris.End.Value..].SequenceEqual(its[other.Uris.End.Value..]);
        }
    }
}
