using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting;

/// <summary>What tells a replay from another: only the same one may go on where it ended.</summary>
public sealed record RunIdentity
{
    /// <summary>Kafka's <c>transactional.id</c>: whoever comes later with it shuts out who came before.</summary>
    public required string TransactionalId { get; init; }

    /// <summary>The files in their order, each with its length and the hash of its beginning.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>Settings on which records depend, as <c>name=value</c>, secrets left out.</summary>
    public required IReadOnlyList<string> Configuration { get; init; }

    /// <summary>Partitions of sessions.</summary>
    public required int Partitions { get; init; }

    /// <summary>Seed of the sessions' hash.</summary>
    public required int HashSeed { get; init; }
}

/// <summary>How far a replay's records are committed: the value of a message of the checkpoints' topic, under the transactional id as key.</summary>
public sealed record Checkpoint
{
    /// <summary>Version of this form.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Whose it is.</summary>
    public required RunIdentity Run { get; init; }

    /// <summary>Packets before the commit point.</summary>
    public required long Ordinal { get; init; }

    /// <summary>Their running hash, 32 hexadecimal digits.</summary>
    public required string Digest { get; init; }

    /// <summary>Whether these were all: nothing is left to do.</summary>
    public required bool Last { get; init; }

    /// <summary>Whether limits had forced sessions to end: such a run can't be repeated.</summary>
    public required bool Forced { get; init; }

    /// <summary>Records committed so far.</summary>
    public required long Records { get; init; }

    /// <summary>The checkpoint of a commit point.</summary>
    public static Checkpoint Of(RunIdentity run, CommitPoint point, bool forced, long records) =>
        new()
        {
            Run = run,
            Ordinal = point.Ordinal,
            Digest = Hex(point.Digest),
            Last = point.Last,
            Forced = forced,
            Records = records,
        };

    /// <summary>Whether it was made at this point of the same packets.</summary>
    public bool IsOf(CommitPoint point) => Ordinal == point.Ordinal && Digest == Hex(point.Digest);

    /// <summary>Why a run may not go on from here; null when it may.</summary>
    public string? Refusal(RunIdentity run)
    {
        if (Version != 1)
            return $"its checkpoint has version {Version}, which this flowpipe does not know: use the one that wrote it";
        if (Forced)
            return "limits forced sessions to end in it, so that its records can't be made a second time: replay it into another topic with higher limits";
        if (Difference(Run.Sources, run.Sources) is { } source)
            return $"the captures are not those that it read ({source})";
        if (Difference(Run.Configuration, run.Configuration) is { } setting)
            return $"the settings are not those that it had ({setting})";
        return Run.Partitions != run.Partitions ? $"it had {Run.Partitions} partitions and this run has {run.Partitions}" : null;
    }

    /// <summary>As the message's value.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, CheckpointJson.Default.Checkpoint);

    /// <summary>From a message's value.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static Checkpoint FromJson(ReadOnlySpan<byte> value) =>
        JsonSerializer.Deserialize(value, CheckpointJson.Default.Checkpoint) ?? throw new JsonException("a checkpoint is an object");

    private static string Hex(UInt128 digest) => digest.ToString("x32", CultureInfo.InvariantCulture);

    private static string? Difference(IReadOnlyList<string> then, IReadOnlyList<string> now)
    {
        for (int i = 0; i < Math.Max(then.Count, now.Count); i++)
        {
            string before = i < then.Count ? then[i] : "nothing";
            string after = i < now.Count ? now[i] : "nothing";
            if (before != after)
                return $"then {before}, now {after}";
        }
        return null;
    }
}

/// <summary>Made ahead of time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Checkpoint))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
