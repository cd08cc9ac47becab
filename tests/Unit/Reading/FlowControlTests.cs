using System.Threading.Tasks.Dataflow;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Reading;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

public sealed class FlowControlTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WaitsForCreditsAndStopsWhileItWaits()
    {
        using FilePacketReader reader = new(Settings());
        BufferBlock<PacketBatch> held = new(BlockOptions.Bounded(64));
        using CancellationTokenSource stop = new();

        Task reading = reader.ReadAsync(held, stop.Token);
        while (held.Count < 3)
            await Task.Delay(1, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await reading.WaitAsync(Long, TestContext.Current.CancellationToken);

        Assert.Equal(3, held.Count); // as many as there are credits
    }

    [Fact]
    public async Task GoesOnWhenCreditsComeBack()
    {
        using FilePacketReader reader = new(Settings());
        BufferBlock<PacketBatch> held = new(BlockOptions.Bounded(64));
        Task reading = reader.ReadAsync(held, CancellationToken.None);
        int packets = 0;
        while (packets < 1_000)
        {
            PacketBatch batch = await held.ReceiveAsync(Long, TestContext.Current.CancellationToken);
            packets += batch.Count;
            batch.Recycle();
        }
        await reading.WaitAsync(Long, TestContext.Current.CancellationToken);
        Assert.Equal(1_000, reader.Counts.Packets);
    }

    [Fact]
    public async Task EndsQuietlyWhenTheGraphFaults()
    {
        using FilePacketReader reader = new(Settings());
        ActionBlock<PacketBatch> faulty = new(_ => throw new InvalidOperationException("a bug"), BlockOptions.Bounded(16));
        await reader.ReadAsync(faulty, CancellationToken.None).WaitAsync(Long, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<InvalidOperationException>(() => faulty.Completion);
    }

    [Fact]
    public async Task HandsOnWhatCameBeforeAStallAndStopsWithinIt()
    {
        byte[] capture = new PcapBuilder().AddAll(SamplePackets.Make(10)).ToArray();
        using StallingStream stream = new(capture);
        using FilePacketReader reader = new(new FileReaderSettings { Inputs = [new CaptureInput("-")], OpenStandardInput = () => stream });
        BufferBlock<PacketBatch> held = new(BlockOptions.Bounded(64));
        using CancellationTokenSource stop = new();

        Task reading = reader.ReadAsync(held, stop.Token);
        PacketBatch batch = await held.ReceiveAsync(Long, TestContext.Current.CancellationToken);
        Assert.Equal(10, batch.Count);
        await stop.CancelAsync();
        await reading.WaitAsync(Long, TestContext.Current.CancellationToken);
        stream.Release();
    }

    private FileReaderSettings Settings() =>
        new()
        {
            Inputs = [new CaptureInput(_folder.Write("a.pcap", new PcapBuilder().AddAll(SamplePackets.Make(1_000)).ToArray()))],
            BatchPackets = 10,
            Batches = 3,
            Blocks = 2,
        };

    private sealed class StallingStream(byte[] bytes) : ReadOnlyStream
    {
        private readonly ManualResetEventSlim _stall = new();
        private int _at;

        public void Release() => _stall.Set();

        public override int Read(Span<byte> buffer)
        {
            if (_at == bytes.Length)
            {
                _stall.Wait(TimeSpan.FromSeconds(60));
                return 0;
            }
            int length = Math.Min(buffer.Length, bytes.Length - _at);
            bytes.AsSpan(_at, length).CopyTo(buffer);
            _at += length;
            return length;
        }
    }
}
