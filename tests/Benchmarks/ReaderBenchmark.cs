using System.Threading.Tasks.Dataflow;
using BenchmarkDotNet.Attributes;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Reading;
using SharpPcap;
using SharpPcap.LibPcap;

namespace FlowPipe.Tests.Benchmarks;

/// <summary>
/// Our reader of capture files against SharpPcap's, over the file that FLOWPIPE_BENCH_FILE names (tests/Benchmarks/run.sh makes some):
/// time and allocation for the whole file.
/// </summary>
[MemoryDiagnoser]
[ShortRunJob]
public class ReaderBenchmark
{
    private static readonly string File =
        Environment.GetEnvironmentVariable("FLOWPIPE_BENCH_FILE")
        ?? throw new InvalidOperationException("FLOWPIPE_BENCH_FILE is not set: give it the path of a capture");

    /// <summary>libpcap through SharpPcap, a span a packet.</summary>
    [Benchmark(Baseline = true)]
    public long SharpPcapReader()
    {
        using var device = new CaptureFileReaderDevice(File);
        device.Open();
        long bytes = 0;
        while (device.GetNextPacket(out PacketCapture packet) == GetPacketStatus.PacketRead)
            bytes += packet.Data.Length;
        return bytes;
    }

    /// <summary>Ours, batches into a block that only gives them back.</summary>
    [Benchmark]
    public async Task<long> FlowPipeReader()
    {
        long bytes = 0;
        var consumer = new ActionBlock<PacketBatch>(
            batch =>
            {
                foreach (ref readonly var record in batch.Records.AsSpan(0, batch.Count))
                    bytes += record.CapturedLength;
                batch.Recycle();
            },
            BlockOptions.Bounded(64)
        );
        using var reader = new FilePacketReader(new FileReaderSettings { Inputs = [new CaptureInput(File)] });
        await reader.ReadAsync(consumer, CancellationToken.None);
        consumer.Complete();
        await consumer.Completion;
        return bytes;
    }
}
