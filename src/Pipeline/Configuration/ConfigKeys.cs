using FlowPipe.Core.Emitting;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Enqueue.Drops;
using FlowPipe.Core.Reading.Pacing;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Schemas;
using static FlowPipe.Pipeline.Configuration.ConfigKey;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>
/// The one table of settings: what can be set, what it may be, what it does, and the flag for it. The file, the environment, the flags of
/// <c>replay</c>, <c>config</c> and its list are all made of it.
/// </summary>
internal static class ConfigKeys
{
    /// <summary>The section that takes librdkafka's properties, whatever they are called.</summary>
    public const string KafkaSection = "kafka";

    public const string KafkaHelp =
        "Any property of librdkafka by its own name, such as kafka.compression.type: zstd; in the environment with _ for each dot";

    private const int Day = 86_400;

    public static readonly ConfigKey To = List(
        "to",
        "sinks such as kafka://host:9092/topic, kafka://embedded/topic, avro:FILE, ndjson:FILE, ndjson:-, table: and null:",
        static text => text.Contains(':', StringComparison.Ordinal),
        s => s.To,
        (s, v) => s with { To = v },
        "Where the records go; several at once are possible",
        "--to",
        "SINK"
    );

    /// <summary>In the order in which they are shown.</summary>
    public static IReadOnlyList<ConfigKey> All { get; } =
    [
        To,
        Choice(
            "format",
            ["auto", "json", "sessions3", "avro", "bulk", "bulk1", "doc"],
            s => s.Format,
            (s, v) => s with { Format = v },
            "Form of the records in Kafka, unless the sink says it with ?format=; auto is avro with a schema registry, else json; json and sessions3 are sessions3 documents, which every client reads; bulk, bulk1 and doc are Arkime's kafkaMsgFormat",
            "--format",
            "F"
        ),
        Text(
            "node",
            "a name of 1 to 255 characters",
            static text => text.Length is > 0 and <= 255,
            s => s.Records.Node,
            (s, v) => s with { Records = s.Records with { Node = v } },
            "Name of the sensor; in every record, and part of its id",
            "--node",
            "NAME"
        ),
        List(
            "tags",
            "tags that are not empty",
            static text => text.Length > 0,
            s => s.Records.Tags,
            (s, v) => s with { Records = s.Records with { Tags = v } },
            "Tags for every record",
            "--tag",
            "TAG"
        ),
        Number(
            "partitions",
            0,
            256,
            s => s.Partitions,
            (s, v) => s with { Partitions = v },
            "Session partitions, each on a core of its own; 0 for one a processor. The records do not depend on it",
            "--partitions"
        ),
        Number(
            "drainDeadline",
            0,
            Day,
            s => s.DrainDeadline,
            (s, v) => s with { DrainDeadline = v },
            "Seconds that a run stopped by a signal may take to deliver what it has",
            "--drain-deadline",
            "SECONDS"
        ),
        List(
            "parsersDir",
            "folders",
            static text => text.Length > 0,
            s => s.Plugins.ParsersDir,
            (s, v) => s with { Plugins = s.Plugins with { ParsersDir = v } },
            "Folders whose parsers are loaded, all of them; builtin stands for those that came with the executable. Of files of one name the first found counts"
        ),
        List(
            "pluginsDir",
            "folders",
            static text => text.Length > 0,
            s => s.Plugins.PluginsDir,
            (s, v) => s with { Plugins = s.Plugins with { PluginsDir = v } },
            "Folders that plugins are looked for in, in this order"
        ),
        List(
            "rootPlugins",
            "file names",
            static text => text.Length > 0,
            s => s.Plugins.RootPlugins,
            (s, v) => s with { Plugins = s.Plugins with { RootPlugins = v } },
            "Plugins that are loaded before the parsers, and before privileges are given up"
        ),
        List(
            "plugins",
            "file names",
            static text => text.Length > 0,
            s => s.Plugins.Plugins,
            (s, v) => s with { Plugins = s.Plugins with { Plugins = v } },
            "Plugins that are loaded after the parsers"
        ),
        DeliveryKeys.Routes,
        Text(
            "reading.bpf",
            "an expression as of tcpdump",
            static _ => true,
            s => s.Reading.Bpf ?? "",
            (s, v) => s with { Reading = s.Reading with { Bpf = v } },
            "Which packets are taken, as of tcpdump: \"tcp port 443\"; empty for all",
            "--bpf",
            "EXPR"
        ),
        Truth(
            "reading.recursive",
            s => s.Reading.Recursive,
            (s, v) => s with { Reading = s.Reading with { Recursive = v } },
            "Whether folders given with -R are searched all the way down",
            "--recursive"
        ),
        Truth(
            "reading.sorted",
            s => s.Reading.Sorted,
            (s, v) => s with { Reading = s.Reading with { Sorted = v } },
            "Whether the files of a folder are read in the order of their names",
            "--sorted"
        ),
        Text(
            "reading.speed",
            "max, a factor such as 1x or 10x, or packets a second such as 5000pps",
            static text => ReplaySpeed.TryParse(text, out _),
            s => s.Reading.Speed.ToString(),
            (s, v) => ReplaySpeed.TryParse(v, out ReplaySpeed? speed) ? s with { Reading = s.Reading with { Speed = speed } } : s,
            "How fast captures are replayed: as fast as it goes, by packet time (1x as it happened, 10x ten times as fast), or by number of packets",
            "--speed",
            "1x|Npps|max"
        ),
        Number(
            "reading.batchPackets",
            256,
            65_536,
            s => s.Reading.BatchPackets,
            (s, v) => s with { Reading = s.Reading with { BatchPackets = v } },
            "Packets of one batch, the unit that moves between stages"
        ),
        Number(
            "reading.batches",
            4,
            4_096,
            s => s.Reading.Batches,
            (s, v) => s with { Reading = s.Reading with { Batches = v } },
            "Batches on their way at once"
        ),
        Number(
            "reading.blockBytes",
            262_144,
            67_108_864,
            s => s.Reading.BlockBytes,
            (s, v) => s with { Reading = s.Reading with { BlockBytes = v } },
            "Bytes read at a time; also the longest packet that can be read"
        ),
        Number(
            "reading.blocks",
            4,
            4_096,
            s => s.Reading.Blocks,
            (s, v) => s with { Reading = s.Reading with { Blocks = v } },
            "Blocks on their way at once; times blockBytes it is the memory that packets take"
        ),
        .. MonitorKeys.All,
        .. CaptureKeys.All,
        .. WriterKeys.All,
        List(
            "packets.packetDropIps",
            "addresses, networks and ports such as 10.1.2.3, 10.0.0.0/8, 10.9.0.0/16=allow, :53, 10.1.2.3:443 or [2001:db8::1]:443",
            DropListReader.IsEntry,
            s => s.Packets.PacketDropIps,
            (s, v) => s with { Packets = s.Packets with { PacketDropIps = v } },
            "Whose packets are dropped, the most specific entry deciding; read again on SIGHUP"
        ),
        List(
            "packets.packetDropIpsFiles",
            "file names",
            static text => text.Length > 0,
            s => s.Packets.PacketDropIpsFiles,
            (s, v) => s with { Packets = s.Packets with { PacketDropIpsFiles = v } },
            "Files of such entries, one a line; read again on SIGHUP"
        ),
        Truth(
            "packets.enablePacketDedup",
            s => s.Packets.EnablePacketDedup,
            (s, v) => s with { Packets = s.Packets with { EnablePacketDedup = v } },
            "Whether a packet that is seen again, equal but for time to live and header checksum, is dropped"
        ),
        Number(
            "packets.dedupSeconds",
            1,
            30,
            s => s.Packets.DedupSeconds,
            (s, v) => s with { Packets = s.Packets with { DedupSeconds = v } },
            "How many seconds of packet time a packet is remembered for that"
        ),
        Number(
            "packets.dedupPackets",
            1_024,
            16_777_215,
            s => s.Packets.DedupPackets,
            (s, v) => s with { Packets = s.Packets with { DedupPackets = v } },
            "Packets that are remembered for that, of 36 to 40 bytes each"
        ),
        Choice(
            "records.positions",
            ["none", "source"],
            s => s.Records.Positions ? "source" : "none",
            (s, v) => s with { Records = s.Records with { Positions = v == "source" } },
            "Whether records say where in their source each packet is",
            "--positions",
            "none|source"
        ),
        Truth(
            "records.enablePacketLen",
            s => s.Records.EnablePacketLen,
            (s, v) => s with { Records = s.Records with { EnablePacketLen = v } },
            "Whether records have the length of each packet"
        ),
        Truth(
            "records.arkimeQuirks",
            s => s.Records.ArkimeQuirks,
            (s, v) => s with { Records = s.Records with { ArkimeQuirks = v }, Sessions = s.Sessions with { ArkimeReadings = v } },
            "Whether records repeat the oddities of Arkime that FlowPipe otherwise puts right, to compare the two"
        ),
        Truth(
            "records.gapPacketPos",
            s => s.Records.GapPacketPos,
            (s, v) => s with { Records = s.Records with { GapPacketPos = v } },
            "In sessions3 documents: packet positions as Arkime's gaps, else as offsets"
        ),
        Truth(
            "records.sessions3Extras",
            s => s.Records.Sessions3Extras,
            (s, v) => s with { Records = s.Records with { Sessions3Extras = v } },
            "In sessions3 documents: what Arkime does not have (id, end reason) under flowpipe"
        ),
        FieldNames(
            "fields.include",
            s => s.Choice.Include,
            (s, v) => s with { Include = v },
            "The only fields that leave, besides what every record has (group record); empty for all"
        ),
        FieldNames(
            "fields.exclude",
            s => s.Choice.Exclude,
            (s, v) => s with { Exclude = v },
            "Fields that do not leave, whatever fields.include and fields.hash say"
        ),
        FieldNames(
            "fields.hash",
            s => s.Choice.Hash,
            (s, v) => s with { Hash = v },
            "Texts and addresses that leave as keyed hashes; numbers of a group that is named here do not leave"
        ),
        Text(
            "fields.hashKeyFile",
            "a file name",
            static _ => true,
            s => s.Fields.HashKeyFile,
            (s, v) => s with { Fields = s.Fields with { HashKeyFile = v } },
            "File with the key of these hashes, 16 bytes or more (openssl rand -hex 32); empty for the one in FLOWPIPE_FIELDS_HASH_KEY"
        ),
        Timeout(
            "tcpTimeout",
            s => s.Sessions.TcpTimeout,
            (s, v) => s with { Sessions = s.Sessions with { TcpTimeout = v } },
            "Idle TCP sessions end"
        ),
        Timeout(
            "tcpClosingTimeout",
            s => s.Sessions.TcpClosingTimeout,
            (s, v) => s with { Sessions = s.Sessions with { TcpClosingTimeout = v } },
            "TCP sessions that both sides have ended are saved"
        ),
        Timeout(
            "tcpSaveTimeout",
            s => s.Sessions.TcpSaveTimeout,
            (s, v) => s with { Sessions = s.Sessions with { TcpSaveTimeout = v } },
            "A TCP session that goes on gets a record, and another linked to it,"
        ),
        Timeout(
            "udpTimeout",
            s => s.Sessions.UdpTimeout,
            (s, v) => s with { Sessions = s.Sessions with { UdpTimeout = v } },
            "Idle UDP sessions end"
        ),
        Timeout(
            "icmpTimeout",
            s => s.Sessions.IcmpTimeout,
            (s, v) => s with { Sessions = s.Sessions with { IcmpTimeout = v } },
            "Idle ICMP sessions end"
        ),
        Timeout(
            "sctpTimeout",
            s => s.Sessions.SctpTimeout,
            (s, v) => s with { Sessions = s.Sessions with { SctpTimeout = v } },
            "Idle SCTP sessions end"
        ),
        Timeout(
            "espTimeout",
            s => s.Sessions.EspTimeout,
            (s, v) => s with { Sessions = s.Sessions with { EspTimeout = v } },
            "Idle ESP sessions end"
        ),
        Timeout(
            "otherTimeout",
            s => s.Sessions.OtherTimeout,
            (s, v) => s with { Sessions = s.Sessions with { OtherTimeout = v } },
            "Idle sessions of other protocols end"
        ),
        Number(
            "sessions.maxPackets",
            1,
            1_000_000,
            s => s.Sessions.MaxPackets,
            (s, v) => s with { Sessions = s.Sessions with { MaxPackets = v } },
            "Packets of one record; a longer session goes on in a linked one"
        ),
        Number(
            "sessions.maxStreams",
            1,
            100_000_000,
            s => s.Sessions.MaxStreams,
            (s, v) => s with { Sessions = s.Sessions with { MaxStreams = v } },
            "Sessions open at once, over all partitions; beyond it emergency mode shortens timeouts, and the least recent is saved early, as forced"
        ),
        Number(
            "sessions.maxTcpOutOfOrderPackets",
            0,
            65_536,
            s => s.Sessions.MaxTcpOutOfOrderPackets,
            (s, v) => s with { Sessions = s.Sessions with { MaxTcpOutOfOrderPackets = v } },
            "Segments held for a TCP session while an earlier one is missing"
        ),
        Number(
            "sessions.maxTcpOutOfOrderBytes",
            0,
            1_073_741_824,
            s => s.Sessions.MaxTcpOutOfOrderBytes,
            (s, v) => s with { Sessions = s.Sessions with { MaxTcpOutOfOrderBytes = v } },
            "Bytes held for a TCP session while an earlier segment is missing"
        ),
        Number(
            "sessions.tcpGapTimeout",
            0,
            Day,
            s => s.Sessions.TcpGapTimeout,
            (s, v) => s with { Sessions = s.Sessions with { TcpGapTimeout = v } },
            "Seconds after which a TCP session no longer waits for a missing segment; 0 for as long as the other limits let it"
        ),
        Number(
            "sessions.reassemblyMemcap",
            0,
            1_073_741_824,
            s => (int)s.Sessions.ReassemblyMemcap,
            (s, v) => s with { Sessions = s.Sessions with { ReassemblyMemcap = v } },
            "Bytes held for all TCP sessions while earlier segments are missing (Suricata's stream.reassembly.memcap)"
        ),
        Truth(
            "sessions.stopOnParserFault",
            s => s.Sessions.StopOnParserFault,
            (s, v) => s with { Sessions = s.Sessions with { StopOnParserFault = v } },
            "Whether an error in a parser or plugin ends the run; else it costs what it was called for, a session its parser or a packet its session, is tagged and counted, and said once"
        ),
        Number(
            "sessions.maxFrags",
            1,
            1_000_000,
            s => s.Sessions.MaxFrags,
            (s, v) => s with { Sessions = s.Sessions with { MaxFrags = v } },
            "IP datagrams whose fragments are held until they are whole; beyond it the oldest is given up"
        ),
        Timeout(
            "fragsTimeout",
            s => s.Sessions.FragsTimeout,
            (s, v) => s with { Sessions = s.Sessions with { FragsTimeout = v } },
            "A fragmented datagram that is not whole is given up"
        ),
        Number(
            "sessions.defragMemcap",
            1_048_576,
            1_073_741_824,
            s => s.Sessions.DefragMemcap,
            (s, v) => s with { Sessions = s.Sessions with { DefragMemcap = v } },
            "Bytes that held fragments may take; beyond it the oldest datagram is given up"
        ),
        Truth(
            "sessions.arkimeTimeouts",
            s => s.Sessions.ArkimeTimeouts,
            (s, v) => s with { Sessions = s.Sessions with { ArkimeTimeouts = v } },
            "Whether sessions end and are saved exactly when Arkime does, which goes by the packets of others, to compare the two; needs one partition"
        ),
        Truth(
            "sessions.tcpMidstream",
            s => s.Sessions.TcpMidstream,
            (s, v) => s with { Sessions = s.Sessions with { TcpMidstream = v } },
            "Whether a TCP stream whose SYN was not captured is followed from its first segment; Arkime does not count its data"
        ),
        Choice(
            "sessions.sessionIdTracking",
            ["none", "vlan", "vni", "both"],
            s => s.Sessions.SessionIdTracking,
            (s, v) => s with { Sessions = s.Sessions with { SessionIdTracking = v } },
            "What tells sessions apart besides addresses and ports"
        ),
        Number(
            "sessions.sessionIdVlans",
            1,
            2,
            s => s.Sessions.SessionIdVlans,
            (s, v) => s with { Sessions = s.Sessions with { SessionIdVlans = v } },
            "VLAN ids that tell sessions apart where VLANs do: the two outer ones, or the outer one alone as in Arkime"
        ),
        List(
            "sessions.opaqueTunnels",
            "names of tunnels such as teredo, vxlan and capwap",
            TunnelNames.IsKnown,
            s => s.Sessions.OpaqueTunnels,
            (s, v) => s with { Sessions = s.Sessions with { OpaqueTunnels = v } },
            "Tunnels that are not looked into: sessions are made of what is outside"
        ),
        Number(
            "sessions.communityIdSeed",
            0,
            65_535,
            s => s.Sessions.CommunityIdSeed,
            (s, v) => s with { Sessions = s.Sessions with { CommunityIdSeed = v } },
            "Seed of the Community ID"
        ),
        Truth(
            "sessions.antiSynDrop",
            s => s.Sessions.AntiSynDrop,
            (s, v) => s with { Sessions = s.Sessions with { AntiSynDrop = v } },
            "Whether the sender of a SYN-ACK that comes first is taken for the server"
        ),
        Size(
            "flow.memcap",
            1 << 20,
            s => s.Sessions.MemoryCap,
            (s, v) => s with { Sessions = s.Sessions with { MemoryCap = v } },
            "Memory of open sessions, over all partitions, with the same consequences beyond it; 0 for no such limit"
        ),
        Number(
            "flow.emergency-recovery",
            1,
            99,
            s => s.Sessions.EmergencyRecovery,
            (s, v) => s with { Sessions = s.Sessions with { EmergencyRecovery = v } },
            "Percent of both limits that must be free again for emergency mode to end"
        ),
        Number(
            "flow.prealloc",
            0,
            100_000_000,
            s => s.Sessions.Prealloc,
            (s, v) => s with { Sessions = s.Sessions with { Prealloc = v } },
            "Sessions made at the start and kept for use, over all partitions; the run does not start if they can't be had"
        ),
        Number(
            "flow.hash-seed",
            0,
            1_000_000_000,
            s => s.Sessions.HashSeed,
            (s, v) => s with { Sessions = s.Sessions with { HashSeed = v } },
            "Fixes which partition gets a session, so that a run repeats in which limits were reached; 0 for random, safe from hash flooding"
        ),
        .. FlowTimeoutKeys.All,
        Truth(
            "exactlyOnce.enabled",
            s => s.ExactlyOnce.Enabled,
            (s, v) => s with { ExactlyOnce = s.ExactlyOnce with { Enabled = v } },
            "Commit records to Kafka in transactions, so that a replay which was killed can be repeated without a record twice",
            "--exactly-once"
        ),
        Text(
            "exactlyOnce.id",
            "a name of up to 200 characters",
            static text => text.Length <= 200,
            s => s.ExactlyOnce.Id,
            (s, v) => s with { ExactlyOnce = s.ExactlyOnce with { Id = v } },
            "Name under which the replay is taken up again; by default it is made of node, topic and the inputs' paths"
        ),
        Text(
            "exactlyOnce.topic",
            "a topic's name",
            static text => text.Length is > 0 and <= 249,
            s => s.ExactlyOnce.Topic,
            (s, v) => s with { ExactlyOnce = s.ExactlyOnce with { Topic = v } },
            "Topic that says how far a replay is committed; created, compacted, where it is missing and that is allowed"
        ),
        Number(
            "exactlyOnce.packets",
            1,
            1_000_000_000,
            s => (int)s.ExactlyOnce.Commits.Packets,
            (s, v) => WithCommits(s, s.ExactlyOnce.Commits with { Packets = v }),
            "Packets after which a transaction is committed"
        ),
        Size(
            "exactlyOnce.bytes",
            1024,
            s => s.ExactlyOnce.Commits.Bytes,
            (s, v) => WithCommits(s, s.ExactlyOnce.Commits with { Bytes = v }),
            "Bytes of records after which a transaction is committed; they are kept in memory until then"
        ),
        Number(
            "exactlyOnce.seconds",
            1,
            Day,
            s => s.ExactlyOnce.Commits.Seconds,
            (s, v) => WithCommits(s, s.ExactlyOnce.Commits with { Seconds = v }),
            "Seconds after which a transaction is committed"
        ),
        Number(
            "stats.interval",
            1,
            Day,
            s => s.Stats.Interval,
            (s, v) => s with { Stats = s.Stats with { Interval = v } },
            "Seconds between two lines of progress"
        ),
        Truth(
            "stats.quiet",
            s => s.Stats.Quiet,
            (s, v) => s with { Stats = s.Stats with { Quiet = v } },
            "No progress and no ledger on stderr; warnings and errors still",
            "--quiet"
        ),
        Text(
            "stats.file",
            "a file name",
            static _ => true,
            s => s.Stats.File,
            (s, v) => s with { Stats = s.Stats with { File = v } },
            "File for the run's final figures, as JSON; - is stdout",
            "--stats",
            "FILE"
        ),
        Text(
            "stats.topic",
            "a topic's name, such as flowpipe.stats.v1, or empty",
            IsTopicOrNone,
            s => s.Stats.Topic,
            (s, v) => s with { Stats = s.Stats with { Topic = v } },
            "Topic that gets the run's figures at each interval, as Avro, on the first Kafka that gets records; empty for none",
            "--stats-topic",
            "TOPIC"
        ),
        Text(
            "metrics.listen",
            "PORT (on 127.0.0.1) or HOST:PORT, or empty",
            static text => text.Length == 0 || Metrics.ListenAddress.TryParse(text, out _, out _),
            s => s.MetricsListen,
            (s, v) => s with { MetricsListen = v },
            "Where /metrics (for Prometheus), /healthz and /readyz are served while a run lasts; empty for nowhere",
            "--metrics",
            "[HOST:]PORT"
        ),
        Text(
            "manifest.file",
            "a file name",
            static _ => true,
            s => s.Manifest.File,
            (s, v) => s with { Manifest = s.Manifest with { File = v } },
            "File for the run's manifest: sources and their hashes, settings, counts, and digests of all records for 'flowpipe verify'",
            "--manifest",
            "FILE"
        ),
        Text(
            "manifest.ids",
            "a file name",
            static _ => true,
            s => s.Manifest.Ids,
            (s, v) => s with { Manifest = s.Manifest with { Ids = v } },
            "File for a list of all records' ids and digests, so that 'flowpipe verify --ids' can name each one that is missing; needs manifest.file",
            "--manifest-ids",
            "FILE"
        ),
        Text(
            "manifest.topic",
            "a topic's name, or empty",
            IsTopicOrNone,
            s => s.Manifest.Topic,
            (s, v) => s with { Manifest = s.Manifest with { Topic = v } },
            "Topic that gets the manifest too, on each Kafka that gets records; empty for none"
        ),
        .. TopicKeys.All,
        .. DeliveryKeys.All,
        .. ArkimeKeys.All,
        .. RegistryKeys.All,
    ];

    private static readonly Dictionary<string, ConfigKey> ByPath = All.ToDictionary(key => key.Path, StringComparer.OrdinalIgnoreCase);

    /// <summary>The setting of that name, in any case of letters.</summary>
    public static ConfigKey? Find(string path) => ByPath.GetValueOrDefault(path);

    /// <summary>Whether settings begin with that name and a dot.</summary>
    public static bool IsSection(string path) =>
        path.Equals(KafkaSection, StringComparison.OrdinalIgnoreCase)
        || path.Equals(ParserSettings.Section, StringComparison.OrdinalIgnoreCase)
        || All.Any(key =>
            key.Path.Length > path.Length && key.Path[path.Length] == '.' && key.Path.StartsWith(path, StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>The property of librdkafka that a name stands for; null when it does not lie in that section, or is ours.</summary>
    public static string? KafkaProperty(string path) =>
        InSection(path, KafkaSection) is { } property && !RegistryKeys.IsOurs(property) ? property : null;

    /// <summary>The setting of a parser that a name stands for; null when it does not lie in that section.</summary>
    public static string? ParserSetting(string path) => InSection(path, ParserSettings.Section);

    /// <summary>The name that was probably meant.</summary>
    public static string Nearest(string path)
    {
        // The right name in the wrong section is meant more often than one that looks similar.
        string name = path[(path.LastIndexOf('.') + 1)..];
        foreach (ConfigKey key in All)
            if (key.Path.EndsWith("." + name, StringComparison.OrdinalIgnoreCase))
                return key.Path;
        IEnumerable<string> sections = All.Select(key => key.Path)
            .Where(candidate => candidate.Contains('.', StringComparison.Ordinal))
            .Select(candidate => candidate[..candidate.IndexOf('.', StringComparison.Ordinal)])
            .Append(KafkaSection)
            .Append(ParserSettings.Section)
            .Distinct(StringComparer.Ordinal);
        return Configuration.Nearest.Of(path, All.Select(key => key.Path).Concat(sections));
    }

    /// <summary>For settings that name a topic, or none.</summary>
    internal static bool IsTopicOrNone(string text) => text.Length == 0 || KafkaTarget.IsTopic(text);

    private static string? InSection(string path, string section) =>
        path.Length > section.Length + 1 && path[section.Length] == '.' && path.StartsWith(section, StringComparison.OrdinalIgnoreCase)
            ? path[(section.Length + 1)..]
            : null;

    private static FlowPipeSettings WithCommits(FlowPipeSettings settings, CommitSettings commits) =>
        settings with
        {
            ExactlyOnce = settings.ExactlyOnce with { Commits = commits },
        };

    private static ConfigKey FieldNames(
        string path,
        Func<FieldSettings, IReadOnlyList<string>> get,
        Func<FieldChoice, IReadOnlyList<string>, FieldChoice> set,
        string help
    ) =>
        List(
            path,
            "names of fields or groups such as http.cookie.value, http, cert and ip.*",
            static text => text.Length > 0,
            s => get(s.Fields),
            (s, v) => s with { Fields = s.Fields with { Choice = set(s.Fields.Choice, v) } },
            help
        );

    private static ConfigKey Timeout(
        string name,
        Func<FlowPipeSettings, int> get,
        Func<FlowPipeSettings, int, FlowPipeSettings> set,
        string what
    ) => Number("sessions." + name, 1, Day, get, set, what + " after so many seconds of packet time");
}
