using System.Buffers.Binary;
using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Reading;

namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>Makes settings of a reader that differ in all that records must not depend on.</summary>
internal static class ReadingVariants
{
    /// <summary>Reads with the sizes that are the default.</summary>
    public static FileReaderSettings Default(params string[] paths) => new() { Inputs = [.. paths.Select(path => new CaptureInput(path))] };

    /// <summary>The same inputs in random batches and blocks, which must hold the longest record.</summary>
    public static FileReaderSettings WithRandomSizes(FileReaderSettings settings, int longestRecord, Random random) =>
        settings with
        {
            BatchPackets = LogUniform(random, 1, 2_048),
            Batches = random.Next(1, 9),
            BlockBytes = LogUniform(random, longestRecord, Math.Max(2 * longestRecord, 1 << 20)),
            Blocks = random.Next(2, 9),
        };

    /// <summary>How a failing run was read, so that it can be repeated.</summary>
    public static string Describe(FileReaderSettings settings) =>
        $"batches of {settings.BatchPackets} packets, {settings.Batches} of them, blocks of {settings.BlockBytes} bytes, {settings.Blocks} of them";

    /// <summary>Bytes that the longest record of a capture takes: a block must hold it.</summary>
    public static async Task<int> LongestRecordAsync(FileReaderSettings settings)
    {
        const int PcapHeader = 16;
        const int ShortestBlock = 256; // that a reader takes
        const int PcapngAround = 4_096; // options, and the blocks at the beginning
        int longest = 0;
        var target = new ActionBlock<PacketBatch>(
            batch =>
            {
                foreach (ref readonly PacketRecord record in batch.Records.AsSpan(0, batch.Count))
                    longest = Math.Max(longest, record.CapturedLength);
                batch.Recycle();
            },
            new ExecutionDataflowBlockOptions { BoundedCapacity = 16 }
        );
        using var reader = new FilePacketReader(settings);
        await reader.ReadAsync(target, CancellationToken.None);
        target.Complete();
        await target.Completion;
        return settings.Inputs.All(static input => IsPcap(input.Path))
            ? Math.Max(longest + PcapHeader, ShortestBlock)
            : longest + PcapngAround;
    }

    private static bool IsPcap(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> magic = stackalloc byte[4];
        return file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length
            && BinaryPrimitives.ReadUInt32LittleEndian(magic) is 0xA1B2C3D4 or 0xD4C3B2A1 or 0xA1B23C4D or 0x4D3CB2A1;
    }

    private static int LogUniform(Random random, int least, int most) =>
        (int)Math.Round(least * Math.Pow((double)most / least, random.NextDouble()));
}
