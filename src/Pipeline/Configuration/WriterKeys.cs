using FlowPipe.Core.Writing;
using static FlowPipe.Pipeline.Configuration.ConfigKey;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>Where packets are kept, under Arkime's names.</summary>
internal static class WriterKeys
{
    public static IReadOnlyList<ConfigKey> All { get; } =
    [
        Choice(
            "writer.pcapWriteMethod",
            [WriterSettings.Auto, WriterSettings.Simple, WriterSettings.Inplace, WriterSettings.Null],
            s => s.Writer.PcapWriteMethod,
            (s, v) => s with { Writer = s.Writer with { PcapWriteMethod = v } },
            "Where records say that their packets are: in files that are written (simple), in the captures that are replayed (inplace), nowhere (null); auto is inplace for a replay, and for a capture simple where there is a pcapDir",
            "--pcap-write-method",
            "METHOD"
        ),
        List(
            "writer.pcapDir",
            "folders",
            static text => text.Length > 0,
            s => s.Writer.PcapDir,
            (s, v) => s with { Writer = s.Writer with { PcapDir = v } },
            "Folders that packets are written to, made where they are missing",
            "--pcap-dir",
            "DIR"
        ),
        Choice(
            "writer.pcapDirAlgorithm",
            [WriterSettings.RoundRobin, WriterSettings.MaxFreeBytes],
            s => s.Writer.PcapDirAlgorithm,
            (s, v) => s with { Writer = s.Writer with { PcapDirAlgorithm = v } },
            "Which of several folders the next file goes to: the one after the last file's, or the one with most room"
        ),
        Gigabytes(
            "writer.maxFileSizeG",
            0.001,
            1_000,
            s => s.Writer.MaxFileSize,
            (s, v) => s with { Writer = s.Writer with { MaxFileSize = v } },
            "Gigabytes of a file, before compression, at which the next is begun; each partition writes files of its own"
        ),
        Number(
            "writer.maxFileTimeM",
            0,
            525_600,
            s => s.Writer.MaxFileTimeM,
            (s, v) => s with { Writer = s.Writer with { MaxFileTimeM = v } },
            "Minutes of packet time after which the next file is begun; 0 for no limit"
        ),
        Size(
            "writer.pcapWriteSize",
            WriterSettings.SmallestBuffer,
            s => s.Writer.PcapWriteSize,
            (s, v) => s with { Writer = s.Writer with { PcapWriteSize = (int)Math.Min(v, 64 << 20) } },
            "Bytes that are written at once, at most 64mb; each is a block that compressed files are read by",
            orNone: false
        ),
        Choice(
            "writer.simpleCompression",
            [WriterSettings.None, WriterSettings.Zstd],
            s => s.Writer.SimpleCompression,
            (s, v) => s with { Writer = s.Writer with { SimpleCompression = v } },
            "How files are compressed: blocks can be read one by one, and zstd -d opens the whole"
        ),
        Number(
            "writer.simpleZstdLevel",
            1,
            19,
            s => s.Writer.SimpleZstdLevel,
            (s, v) => s with { Writer = s.Writer with { SimpleZstdLevel = v } },
            "How hard zstd tries"
        ),
        Gigabytes(
            "writer.freeSpaceG",
            0,
            1_000_000,
            s => s.Writer.FreeSpace,
            (s, v) => s with { Writer = s.Writer with { FreeSpace = v } },
            "Gigabytes that are kept free in each pcapDir, by removing the oldest closed files of this node; 0 removes none"
        ),
        Number(
            "writer.maxWriteBuffers",
            2,
            4_096,
            s => s.Writer.MaxWriteBuffers,
            (s, v) => s with { Writer = s.Writer with { MaxWriteBuffers = v } },
            "Captures: blocks of pcapWriteSize that may wait for the disk, for each partition; beyond them packets are not kept, and their records say pcap-disk-overload"
        ),
        Text(
            "files.topic",
            "a topic's name, or empty",
            ConfigKeys.IsTopicOrNone,
            s => s.FilesTopic,
            (s, v) => s with { FilesTopic = v },
            "Topic that is told when a file of packets is begun, ended and removed, on the first Kafka that gets records; empty for none"
        ),
    ];
}
