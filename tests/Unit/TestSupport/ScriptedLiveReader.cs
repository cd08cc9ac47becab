using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Overload;
using FlowPipe.Core.Reading;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>What a reader of an interface does at one moment: hands on packets, or says what time it is.</summary>
internal sealed record LiveStep(byte Reader, IReadOnlyList<CapturedPacket> Packets, double TickAt = 0, long KernelDrops = 0, int Shed = 0)
{
    /// <summary>Before this step.</summary>
    public Func<Task>? Before { get; init; }

    public static LiveStep Tick(byte reader, double at) => new(reader, [], at);
}

/// <summary>Readers of interfaces that do what they are told, one step after the other.</summary>
internal sealed class ScriptedLiveReader(int readers, params LiveStep[] steps) : IPacketReader
{
    public ReaderCounts Counts { get; } = new();

    public LiveControl Control { get; } = new(readers);

    public LiveControl? Live => Control;

    public async Task ReadAsync(ITargetBlock<PacketBatch> enqueue, CancellationToken stop)
    {
        long ordinal = 0;
        foreach (LiveStep step in steps)
        {
            if (step.Before is not null)
                await step.Before();
            Counts.AddKernel(step.Packets.Count + step.KernelDrops, step.KernelDrops);
            Counts.AddPackets(step.Packets.Count + step.Shed);
            Counts.AddShed(step.Shed);
            var batch = new PacketBatch(Math.Max(1, step.Packets.Count), null)
            {
                ReaderId = step.Reader,
                TickNs = step.Packets.Count == 0 ? Conversation.Ns(step.TickAt) : 0,
                LostByReader = new LostPackets(Counts.KernelDropped, Counts.Shed),
            };
            if (step.Packets.Count > 0)
            {
                batch.Source = new PacketSource(step.Reader, $"00112233aabbcc{step.Reader:x2}", "interface:test");
                batch.Block = new MemoryBlock([.. step.Packets.SelectMany(static packet => packet.Data)]);
                batch.Block.Lend(1);
            }
            int at = 0;
            foreach (CapturedPacket packet in step.Packets)
            {
                batch.Records[batch.Count++] = new PacketRecord
                {
                    TimestampNs = packet.TimestampNs,
                    SourceOffset = ordinal++,
                    DataOffset = at,
                    CapturedLength = packet.Data.Length,
                    OriginalLength = packet.OriginalLength,
                    LinkType = 1,
                    ReaderId = step.Reader,
                };
                at += packet.Data.Length;
            }
            Assert.True(await enqueue.SendAsync(batch, CancellationToken.None));
        }
    }
}
