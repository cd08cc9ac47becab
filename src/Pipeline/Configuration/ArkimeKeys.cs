using FlowPipe.Core.Emitting.Encodings;
using static FlowPipe.Pipeline.Configuration.ConfigKey;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>Settings of Arkime's own formats on Kafka, under Arkime's names.</summary>
internal static class ArkimeKeys
{
    public static IReadOnlyList<ConfigKey> All { get; } =
    [
        Text(
            "arkime.prefix",
            "up to 100 of lower-case letters, digits, hyphen, underscore and dot",
            static text =>
                text.Length <= 100 && text.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_' or '.'),
            s => s.Arkime.Prefix,
            (s, v) => s with { Arkime = s.Arkime with { Prefix = v } },
            "What the names of Arkime's indices begin with, in the formats bulk, bulk1 and doc"
        ),
        Choice(
            "arkime.rotateIndex",
            ArkimeIndex.Rotations,
            s => s.Arkime.RotateIndex,
            (s, v) => s with { Arkime = s.Arkime with { RotateIndex = v } },
            "How often a new index begins, by the time of a session's last packet"
        ),
        Number(
            "arkime.dbBulkSize",
            1_000,
            100_000_000,
            s => s.Arkime.DbBulkSize,
            (s, v) => s with { Arkime = s.Arkime with { DbBulkSize = v } },
            "Bytes that a message of format bulk may have; brokers take 1,000,000 unless told otherwise"
        ),
    ];
}
