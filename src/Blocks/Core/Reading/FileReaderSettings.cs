using FlowPipe.Core.Reading.Monitoring;
using FlowPipe.Core.Reading.Pacing;

namespace FlowPipe.Core.Reading;

/// <summary>One input as it was asked for: <c>-r FILE</c>, <c>-r -</c> or <c>-R DIR</c>.</summary>
/// <param name="Path">File, directory, or <c>-</c> for the standard input.</param>
/// <param name="IsDirectory">Whether the files in it are meant.</param>
public sealed record CaptureInput(string Path, bool IsDirectory = false)
{
    /// <summary>The path that stands for the standard input.</summary>
    public const string StandardInput = "-";
}

/// <summary>What a <see cref="FilePacketReader"/> reads, and how.</summary>
public sealed record FileReaderSettings
{
    /// <summary>Longest packet that is taken for sane when the capture declares no longer one: libpcap's own limit.</summary>
    public const int MaximumPacket = 262_144;

    /// <summary>The inputs, in the order in which they are read.</summary>
    public required IReadOnlyList<CaptureInput> Inputs { get; init; }

    /// <summary>Whether directories are searched to the bottom.</summary>
    public bool Recursive { get; init; }

    /// <summary>Whether a directory's files are read by name; else in the directory's own order.</summary>
    public bool Sorted { get; init; }

    /// <summary>Whether and how directories are watched for what comes into them.</summary>
    public MonitorSettings Monitor { get; init; } = new();

    /// <summary>Filter expression in libpcap's language; null or empty passes everything.</summary>
    public string? Bpf { get; init; }

    /// <summary>Packets a batch.</summary>
    public int BatchPackets { get; init; } = 2_048;

    /// <summary>Batches in flight at most.</summary>
    public int Batches { get; init; } = 32;

    /// <summary>Bytes a block: also the longest record that can be read.</summary>
    public int BlockBytes { get; init; } = 1 << 20;

    /// <summary>Blocks in flight at most; times <see cref="BlockBytes"/> it is the memory that packets take.</summary>
    public int Blocks { get; init; } = 16;

    /// <summary>How fast packets are handed on.</summary>
    public ReplaySpeed Speed { get; init; } = ReplaySpeed.Max;

    /// <summary>Whether all that is read is hashed, for a manifest: on the reader's thread, as it comes.</summary>
    public bool HashSources { get; init; }

    /// <summary>Goes into each record, so that clocks of several readers can be told apart.</summary>
    public byte ReaderId { get; init; }

    /// <summary>What <c>-</c> reads; the process's standard input unless a test says otherwise.</summary>
    public Func<Stream> OpenStandardInput { get; init; } = Console.OpenStandardInput;

    /// <summary>Told of what the user should know but what costs no packet.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Told of every input that could not be read to its end; <see cref="ReaderCounts.Damaged"/> counts them.</summary>
    public Action<string>? OnDamage { get; init; }
}
