namespace FlowPipe.Core.Writing;

/// <summary>Where the packets of the records are kept, under Arkime's names.</summary>
public sealed record WriterSettings
{
    /// <summary>Nowhere: records say nothing of where their packets are.</summary>
    public const string Null = "null";

    /// <summary>In the captures that are replayed: nothing is written.</summary>
    public const string Inplace = "inplace";

    /// <summary>In files of ours.</summary>
    public const string Simple = "simple";

    /// <summary>What the command does by itself: a replay points into its captures, a capture writes where it has a folder for it.</summary>
    public const string Auto = "auto";

    /// <summary>Files are plain.</summary>
    public const string None = "none";

    /// <summary>Files are compressed with Zstandard.</summary>
    public const string Zstd = "zstd";

    /// <summary>Each file goes to the folder after the last one's.</summary>
    public const string RoundRobin = "round-robin";

    /// <summary>Each file goes where most bytes are free.</summary>
    public const string MaxFreeBytes = "max-free-bytes";

    /// <summary>Bytes of a buffer must hold any packet.</summary>
    public const int SmallestBuffer = 512 * 1024;

    /// <summary>One of the above.</summary>
    public string PcapWriteMethod { get; init; } = Auto;

    /// <summary>Folders; made where they are missing.</summary>
    public IReadOnlyList<string> PcapDir { get; init; } = [];

    /// <summary>Which of several folders a file goes to.</summary>
    public string PcapDirAlgorithm { get; init; } = RoundRobin;

    /// <summary>Bytes of a file, before compression, above which the next is begun.</summary>
    public long MaxFileSize { get; init; } = 4L << 30;

    /// <summary>Minutes of packet time after which the next file is begun; 0 for no limit.</summary>
    public int MaxFileTimeM { get; init; }

    /// <summary>Bytes of a buffer, of which each partition has one open.</summary>
    public int PcapWriteSize { get; init; } = 1 << 20;

    /// <summary>How files are compressed.</summary>
    public string SimpleCompression { get; init; } = None;

    /// <summary>Zstandard's level.</summary>
    public int SimpleZstdLevel { get; init; } = 3;

    /// <summary>Bytes that are kept free where files are, by removing the oldest of this node's; 0 removes none.</summary>
    public long FreeSpace { get; init; }

    /// <summary>Buffers that may wait for the disk before a capture keeps no more packets.</summary>
    public int MaxWriteBuffers { get; init; } = 64;

    /// <summary>Name of the sensor; files begin with it.</summary>
    public string Node { get; init; } = "";

    /// <summary>Whether a disk that fails or is behind costs packets, as in a capture, and not time.</summary>
    public bool IsLive { get; init; }

    /// <summary>Called before each buffer is written: a disk that is slow or refuses, for tests. Null for none.</summary>
    internal Func<PcapFile, Task>? Before { get; init; }

    /// <summary>Whether files are written.</summary>
    public bool Copies => PcapWriteMethod == Simple;

    /// <summary>Where errors of the disk, and their end, are said.</summary>
    public Action<string> Warn { get; init; } = static _ => { };
}
