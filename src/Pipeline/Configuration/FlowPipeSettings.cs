using FlowPipe.Core.Emitting.DeadLetters;
using FlowPipe.Core.Emitting.Encodings;
using FlowPipe.Core.Emitting.Spooling;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Enqueue.Drops;
using FlowPipe.Core.Privileges;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Reading.Live;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Writing;
using FlowPipe.Pipeline.Plugins;
using FlowPipe.Schemas.Registry;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>All settings of a run. Defaults are the initial values here and in the records below; keys and ranges are in <see cref="ConfigKeys"/>.</summary>
internal sealed record FlowPipeSettings
{
    public SessionSettings Sessions { get; init; } = new();

    public RecordSettings Records { get; init; } = new();

    /// <summary>Which fields of the records may leave.</summary>
    public FieldSettings Fields { get; init; } = new();

    /// <summary>How capture files are read; which ones is not a setting but said on the command line.</summary>
    public FileReaderSettings Reading { get; init; } = new() { Inputs = [] };

    /// <summary>How interfaces are listened to.</summary>
    public LiveReaderSettings Capture { get; init; } = new();

    /// <summary>What a capture keeps of its rights.</summary>
    public PrivilegeSettings Privileges { get; init; } = new();

    /// <summary>Where packets are kept.</summary>
    public WriterSettings Writer { get; init; } = new();

    /// <summary>Topic that is told of files of packets; empty for none.</summary>
    public string FilesTopic { get; init; } = "flowpipe.files.v1";

    public PacketSettings Packets { get; init; } = new();

    public StatsSettings Stats { get; init; } = new();

    /// <summary>Where machines may ask how a run is doing: PORT or HOST:PORT; empty for nowhere.</summary>
    public string MetricsListen { get; init; } = "";

    public ManifestSettings Manifest { get; init; } = new();

    /// <summary>Where the records go.</summary>
    public IReadOnlyList<string> To { get; init; } = ["table:"];

    /// <summary>Form of the records in Kafka, where the sink does not say it; empty for the sink's own default.</summary>
    public string Format { get; init; } = "auto";

    /// <summary>Session partitions; 0 for as many as there are processors.</summary>
    public int Partitions { get; init; }

    /// <summary>Seconds that a stopped run may take to deliver what it has.</summary>
    public int DrainDeadline { get; init; } = 30;

    /// <summary>Parsers and plugins.</summary>
    public PluginSettings Plugins { get; init; } = new();

    /// <summary>The schema registry.</summary>
    public RegistrySettings Registry { get; init; } = new();

    /// <summary>For Arkime's own formats.</summary>
    public ArkimeSettings Arkime { get; init; } = new();

    public DeadLetterSettings DeadLetters { get; init; } = new();

    public SpoolSettings Spool { get; init; } = new();

    public ExactlyOnceSettings ExactlyOnce { get; init; } = new();

    /// <summary>How topics are made, by <see cref="TopicRole"/>.</summary>
    public IReadOnlyList<TopicSettings> Topics { get; init; } = [.. Enum.GetValues<TopicRole>().Select(static _ => new TopicSettings())];

    /// <summary>librdkafka's properties, as given.</summary>
    public IReadOnlyDictionary<string, string> Kafka { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>Whether and how a replay commits its records to Kafka in transactions.</summary>
internal sealed record ExactlyOnceSettings
{
    public bool Enabled { get; init; }

    /// <summary>Name of the replay; empty for one that is made of node and inputs.</summary>
    public string Id { get; init; } = "";

    /// <summary>Topic of the checkpoints.</summary>
    public string Topic { get; init; } = "flowpipe.checkpoints.v1";

    public CommitSettings Commits { get; init; } = new();
}

/// <summary>What a run tells of itself.</summary>
internal sealed record StatsSettings
{
    /// <summary>Seconds between two lines.</summary>
    public int Interval { get; init; } = 1;

    public bool Quiet { get; init; }

    /// <summary>Where the final figures are written as JSON; empty for nowhere.</summary>
    public string File { get; init; } = "";

    /// <summary>Topic for the figures of each interval; empty for none.</summary>
    public string Topic { get; init; } = "";
}

/// <summary>What is kept of a run, to prove its records by.</summary>
internal sealed record ManifestSettings
{
    /// <summary>Where the manifest is written; empty for nowhere.</summary>
    public string File { get; init; } = "";

    /// <summary>Where the records' ids and digests are listed; empty for nowhere.</summary>
    public string Ids { get; init; } = "";

    /// <summary>Topic for the manifest on clusters that get records; empty for none.</summary>
    public string Topic { get; init; } = "flowpipe.runs.v1";
}
