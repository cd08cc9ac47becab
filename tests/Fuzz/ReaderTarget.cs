using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Reading;

namespace FlowPipe.Tests.Fuzz;

/// <summary>
/// A capture of any format through the reader alone, in small blocks and batches: no exception, no hang, frames inside of their block, and at most one
/// complaint. The seeds decide which format it is.
/// </summary>
public static class ReaderTarget
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(20);

    public static void Run(ReadOnlySpan<byte> capture) => RunAsync(capture.ToArray()).WaitAsync(Watchdog).GetAwaiter().GetResult();

    private static async Task RunAsync(byte[] capture)
    {
        int said = 0;
        long packets = 0;
        using var reader = new FilePacketReader(
            new FileReaderSettings
            {
                Inputs = [new CaptureInput(CaptureInput.StandardInput)],
                OpenStandardInput = () => new MemoryStream(capture),
                BlockBytes = 4_096,
                BatchPackets = 7,
                Blocks = 3,
                Batches = 3,
                Warn = _ => said++,
                OnDamage = _ => said++,
            }
        );
        var target = new ActionBlock<PacketBatch>(
            batch =>
            {
                foreach (ref readonly PacketRecord record in batch.Records.AsSpan(0, batch.Count))
                {
                    // throws where the record is not inside of its block
                    if (batch.Frame(in record).Length != record.CapturedLength || record.OriginalLength < record.CapturedLength)
                        throw new InvalidOperationException($"packet {packets}: its lengths contradict each other");
                    packets++;
                }
                batch.Recycle();
            },
            new ExecutionDataflowBlockOptions { BoundedCapacity = 16 }
        );
        await reader.ReadAsync(target, CancellationToken.None);
        target.Complete();
        await target.Completion;
        if (packets != reader.Counts.Packets)
            throw new InvalidOperationException($"{packets} packets came, {reader.Counts.Packets} were counted");
        if (said > 1)
            throw new InvalidOperationException($"one capture, {said} complaints");
    }
}
