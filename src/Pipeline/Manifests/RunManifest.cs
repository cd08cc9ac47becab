using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using FlowPipe.Core.Digests;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Stats;

namespace FlowPipe.Pipeline.Manifests;

/// <summary>What a run was and what came of it, so that its records can be proven whole, unaltered and free of duplicates later on.</summary>
internal sealed record RunManifest
{
    /// <summary>The layout's version; what can't be understood is refused.</summary>
    public const int CurrentFormat = 1;

    public int Format { get; init; }

    /// <summary>Names the run; the message's key on Kafka.</summary>
    public Guid Run { get; init; }
    public string Version { get; init; } = "";
    public string Node { get; init; } = "";

    /// <summary>By the wall clock.</summary>
    public DateTimeOffset Started { get; init; }
    public double Seconds { get; init; }

    /// <summary><c>done</c> or <c>failed</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>Whether everything was read, delivered and accounted for.</summary>
    public bool Ok { get; init; }
    public ManifestForced Forced { get; init; } = new();
    public IReadOnlyList<SourceSummary> Sources { get; init; } = [];
    public ManifestConfiguration Configuration { get; init; } = new();
    public ReaderFigures Reader { get; init; } = new();
    public long Records { get; init; }
    public IReadOnlyDictionary<string, long> RecordsByReason { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);
    public Ledger Ledger { get; init; } = new();

    /// <summary>With <c>--exactly-once</c>: what of the records was committed, and by which run; else null.</summary>
    public ManifestCommits? Commits { get; init; }

    /// <summary>Where each Kafka sink's records are.</summary>
    public IReadOnlyList<ManifestTopic> Topics { get; init; } = [];
    public ManifestDigests Digests { get; init; } = new();
}

/// <summary>What makes a run's records depend on more than its packets (DESIGN law 2).</summary>
internal sealed record ManifestForced
{
    public bool Any { get; init; }

    /// <summary>How often a partition went into emergency mode.</summary>
    public long Emergencies { get; init; }

    /// <summary>Sessions ended for lack of room.</summary>
    public long Evicted { get; init; }

    /// <summary>Sessions ended by emergency mode's timeouts alone.</summary>
    public long EndedEarly { get; init; }

    /// <summary>Whether a signal ended it before its inputs did.</summary>
    public bool Stopped { get; init; }
}

/// <summary>
/// What became of the records of a run with <c>--exactly-once</c>. It makes all records of its captures, also those that an earlier run has
/// committed: digests and counts of its manifest are of them all, so the manifest of the run that came to the end is the manifest of the whole.
/// </summary>
internal sealed record ManifestCommits
{
    /// <summary>Committed by earlier runs.</summary>
    public long Before { get; init; }

    /// <summary>Committed by this one.</summary>
    public long Here { get; init; }

    /// <summary>Made, and left to the next run: not in the topic yet.</summary>
    public long Left { get; init; }
}

/// <summary>The settings in force.</summary>
internal sealed record ManifestConfiguration
{
    /// <summary>SHA-256 over all of them but those that only say what a run tells of itself and where to; secrets as stars.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>Those that are not at their default.</summary>
    public IReadOnlyDictionary<string, string> Changed { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>The part of a topic that is the run's.</summary>
internal sealed record ManifestTopic(string Topic, IReadOnlyList<OffsetRange> Partitions);

/// <summary>The records' digests, for each encoding that a sink used.</summary>
internal sealed record ManifestDigests
{
    public ManifestDigest? Avro { get; init; }
    public ManifestDigest? Json { get; init; }
}

/// <summary>The sum of the records' digests, and the same by the first bits of their ids.</summary>
internal sealed record ManifestDigest
{
    /// <summary>Of Avro: CRC-64-AVRO of the schema, as in the header of a message.</summary>
    public string? Schema { get; init; }
    public long Records { get; init; }
    public string Sum { get; init; } = "";

    /// <summary>Bits of an id that choose its bucket.</summary>
    public int Bits { get; init; }

    /// <summary>Records and sum of each bucket, as <c>N:HEX</c>; empty for one without records.</summary>
    public IReadOnlyList<string> Buckets { get; init; } = [];

    /// <summary>About so many records a bucket: enough to narrow damage down, and the manifest stays small.</summary>
    private const int RecordsPerBucket = 4;

    public static ManifestDigest Of(DigestBuckets digests, string? schema)
    {
        int bits = (int)Math.Ceiling(Math.Log2(Math.Max(1.0, digests.Records / (double)RecordsPerBucket)));
        DigestBuckets folded = digests.Fold(bits);
        string[] buckets = new string[folded.Count];
        for (int i = 0; i < buckets.Length; i++)
            buckets[i] = folded.RecordsOf(i) == 0 ? "" : $"{folded.RecordsOf(i)}:{folded.SumOf(i)}";
        return new ManifestDigest
        {
            Schema = schema,
            Records = folded.Records,
            Sum = folded.Total.ToString(),
            Bits = folded.Bits,
            Buckets = buckets,
        };
    }

    /// <summary>The buckets as numbers.</summary>
    /// <returns>Null when they contradict each other.</returns>
    public DigestBuckets? ToBuckets()
    {
        if (Bits is < 0 or > DigestBuckets.BitsMax || Buckets.Count != 1 << Bits)
            return null;
        var digests = new DigestBuckets(Bits);
        for (int i = 0; i < Buckets.Count; i++)
        {
            string[] parts = Buckets[i].Split(':');
            if (parts is [""])
                continue;
            if (parts.Length != 2 || !long.TryParse(parts[0], out long records) || !DigestSum.TryParse(parts[1], out DigestSum sum))
                return null;
            digests.Add(i, records, in sum);
        }
        return digests.Records == Records && digests.Total.ToString() == Sum ? digests : null;
    }
}

/// <summary>Serialises manifests without reflection.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(RunManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext
{
    /// <summary>For writing: a plus sign in a version stays one.</summary>
    public static ManifestJson Plain { get; } =
        new(
            new JsonSerializerOptions
            {
                WriteIndented = true,
                PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
                DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
