using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Reading;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

/// <summary>A packet as the reader handed it on.</summary>
internal sealed record ReadPacket(CapturedPacket Packet, long Offset, int LinkType, PacketSource Source);

/// <summary>Runs a reader to its end and keeps copies of all that it says.</summary>
internal sealed class ReadBack
{
    public List<ReadPacket> Packets { get; } = [];

    public List<string> Warnings { get; } = [];

    public List<string> Damage { get; } = [];

    public ReaderCounts Counts { get; private set; } = new();

    public IReadOnlyList<PacketSource> Sources { get; private set; } = [];

    /// <summary>Reads files with settings that make batches and blocks come to their ends often.</summary>
    public static Task<ReadBack> FilesAsync(params string[] paths) =>
        RunAsync(new FileReaderSettings { Inputs = [.. paths.Select(path => new CaptureInput(path))], BatchPackets = 5 });

    /// <summary>Reads bytes as the standard input.</summary>
    public static Task<ReadBack> StandardInputAsync(Stream stream, FileReaderSettings? settings = null) =>
        RunAsync(
            (settings ?? new FileReaderSettings { Inputs = [] }) with
            {
                Inputs = [new CaptureInput("-")],
                OpenStandardInput = () => stream,
            }
        );

    public static async Task<ReadBack> RunAsync(FileReaderSettings settings, CancellationToken stop = default)
    {
        ReadBack read = new();
        using FilePacketReader reader = new(settings with { Warn = read.Warnings.Add, OnDamage = read.Damage.Add });
        ActionBlock<PacketBatch> enqueue = new(read.Take, BlockOptions.Bounded(16));
        await reader.ReadAsync(enqueue, stop).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        enqueue.Complete();
        await enqueue.Completion;
        read.Counts = reader.Counts;
        read.Sources = reader.Sources;
        Assert.Equal(read.Packets.Count, reader.Counts.Packets);
        Assert.Equal(read.Damage.Count, reader.Counts.Damaged);
        return read;
    }

    private void Take(PacketBatch batch)
    {
        Assert.InRange(batch.Count, 1, batch.Records.Length);
        foreach (ref readonly PacketRecord record in batch.Records.AsSpan(0, batch.Count))
        {
            CapturedPacket packet = new(record.TimestampNs, batch.Frame(record).ToArray(), record.OriginalLength);
            Packets.Add(new ReadPacket(packet, record.SourceOffset, record.LinkType, batch.Source!));
        }
        batch.Recycle();
    }
}
