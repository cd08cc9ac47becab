using FlowPipe.Core.Emitting.Routing;
using FlowPipe.Core.Emitting.Spooling;
using static FlowPipe.Pipeline.Configuration.ConfigKey;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>Settings of what becomes of records that can't be delivered at once, or not at all, and of further topics.</summary>
internal static class DeliveryKeys
{
    private static readonly string[] OnFull = ["wait", "dropOldest", "dropNewest"];
    private static readonly string[] Use = ["live", "always", "never"];

    /// <summary>Lies in no section, and so before all that do.</summary>
    public static readonly ConfigKey Routes = List(
        "routes",
        $"routes such as {Route.Form}, or mappings with topic, protocols, tags and only; {Route.CountMax} at most",
        static text => Route.TryParse(text) is not null,
        s => [.. s.Records.Routes.Select(static route => route.ToString())],
        (s, v) =>
            v.Count > Route.CountMax
                ? null
                : s with
                {
                    Records = s.Records with { Routes = [.. v.Select(static text => Route.TryParse(text)!)] },
                },
        "Further topics for records of some protocols, or with some tags; with only, instead of the sink's topic"
    );

    public static IReadOnlyList<ConfigKey> All { get; } =
    [
        Text(
            "deadLetters.topic",
            "a topic's name, or empty",
            ConfigKeys.IsTopicOrNone,
            s => s.DeadLetters.Topic,
            (s, v) => s with { DeadLetters = s.DeadLetters with { Topic = v } },
            "Topic for records that can't be delivered for a reason of their own or of their topic; empty for none"
        ),
        Text(
            "deadLetters.dir",
            "a folder",
            static _ => true,
            s => s.DeadLetters.Dir,
            (s, v) => s with { DeadLetters = s.DeadLetters with { Dir = v } },
            "Folder of the file dead-letters.jsonl for those which that topic does not take; empty for spool.dir, if that is set"
        ),
        Size(
            "deadLetters.maxBytes",
            1 << 20,
            s => s.DeadLetters.MaxBytes,
            (s, v) => s with { DeadLetters = s.DeadLetters with { MaxBytes = v } },
            "Bytes that this file may have; 0 for no such file"
        ),
        Text(
            "spool.dir",
            "a folder",
            static _ => true,
            s => s.Spool.Dir,
            (s, v) => s with { Spool = s.Spool with { Dir = v } },
            "Folder for records that can't be sent to Kafka now; empty for no spool",
            "--spool",
            "DIR"
        ),
        Choice(
            "spool.use",
            Use,
            s => Use[(int)s.Spool.Use],
            (s, v) => s with { Spool = s.Spool with { Use = (SpoolUse)Array.IndexOf(Use, v) } },
            "When records go there: live, when packets come from an interface (files wait for Kafka); always; never"
        ),
        Size(
            "spool.maxBytes",
            1 << 20,
            s => s.Spool.MaxBytes,
            (s, v) => s with { Spool = s.Spool with { MaxBytes = v } },
            "Bytes that the spool of a sink may have",
            orNone: false
        ),
        Size(
            "spool.segmentBytes",
            64 << 10,
            s => s.Spool.SegmentBytes,
            (s, v) => s with { Spool = s.Spool with { SegmentBytes = v } },
            "Bytes of a file of it; a quarter of spool.maxBytes at most",
            orNone: false
        ),
        Choice(
            "spool.onFull",
            OnFull,
            s => OnFull[(int)s.Spool.OnFull],
            (s, v) => s with { Spool = s.Spool with { OnFull = (SpoolOnFull)Array.IndexOf(OnFull, v) } },
            "What happens when it, or the disk, is full: wait; dropOldest: the oldest file of it gives way; dropNewest: what comes is dropped. What is dropped is counted"
        ),
    ];
}
