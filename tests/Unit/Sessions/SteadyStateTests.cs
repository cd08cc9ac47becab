using System.Buffers.Binary;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.Reading;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>DESIGN law 3: no allocation per packet. Counts what the whole process allocates, so nothing may run beside it.</summary>
[Collection(nameof(Alone))]
public sealed class SteadyStateTests : IDisposable
{
    private const int Flows = 1_000;
    private const int Warm = 3_000_000;
    private const int Million = 1_000_000;
    private const int RecordPackets = 500;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Measured inside one run, from where the pools have grown to where the input ends: by then every session has its place, has filled a
    /// record, and uses again what its packets' positions took. The million makes two records more of each session, which is in the bound.
    /// Three partitions take turns at the pools: they have grown after a million packets or two, and then 0.3 bytes a packet are left.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task AMillionPacketsAllocateLessThanAMillionBytes(int partitions)
    {
#if DEBUG
        Assert.Skip("in a debug build every asynchronous call allocates its state: build with --configuration Release");
#endif
        string path = Capture(out int packets);
        await using var input = new MeasuredStream(path, new FileInfo(path).Length / packets * (packets - Million));
        using var reader = new FilePacketReader(
            new FileReaderSettings
            {
                Inputs = [new CaptureInput(CaptureInput.StandardInput)],
                OpenStandardInput = () => input,
                // few, so that all of them are made soon
                Blocks = 3,
                Batches = 6,
            }
        );
        using var run = new SessionRun(
            reader,
            new NullSink(),
            new SessionSettings { MaxPackets = RecordPackets },
            new RecordSettings { Positions = false }, // they are kept all the same, but don't make batches of records grow
            partitions
        );
        await run.Topology.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal((packets, Flows), (reader.Counts.Packets, run.Counts.Created));
        double bytes = input.AllocatedSince / (double)Million;
        TestContext.Current.TestOutputHelper!.WriteLine($"{bytes:0.000} bytes a packet");
        Assert.InRange(bytes, 0, 1.0);
    }

    /// <summary>Notes what the process has allocated when the reading passes a place, and when it comes to the end.</summary>
    private sealed class MeasuredStream(string path, long from) : FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0)
    {
        private long _before = -1;

        public long AllocatedSince { get; private set; } = -1;

        public override int Read(byte[] buffer, int offset, int count) => Noted(base.Read(buffer, offset, count));

        public override int Read(Span<byte> buffer) => Noted(base.Read(buffer));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Noted(await base.ReadAsync(buffer, cancellationToken));

        private int Noted(int read)
        {
            if (_before < 0 && Position >= from)
                _before = GC.GetTotalAllocatedBytes(precise: true);
            if (read == 0)
                AllocatedSince = GC.GetTotalAllocatedBytes(precise: true) - _before;
            return read;
        }
    }

    /// <summary>
    /// Half of the flows UDP, half TCP with data in order, both directions of each; all frames of one length. Some have a start, so that their
    /// records do not all become full at once.
    /// </summary>
    private string Capture(out int packets)
    {
        byte[][] frames = [.. Enumerable.Range(0, 2 * Flows).Select(i => Frame(i / 2, forward: i % 2 == 0))];
        var sent = new int[Flows];
        string path = Path.Combine(_folder.Path, "flows.pcap");
        using FileStream file = File.Create(path);
        file.Write(new PcapBuilder().ToArray());
        packets = 0;
        for (int flow = 0; flow < Flows; flow++)
        {
            for (int i = 0; i < flow % RecordPackets; i++)
                Write(file, frames, flow, sent[flow]++, packets++);
        }
        for (int i = 0; i < Warm + Million; i++)
            Write(file, frames, i % Flows, sent[i % Flows]++, packets++);
        return path;
    }

    private static void Write(FileStream file, byte[][] frames, int flow, int round, int packet)
    {
        byte[] frame = frames[(2 * flow) + (round % 2)];
        if (flow % 2 == 1)
        {
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(34 + 4), 4 * (round / 2));
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(34 + 8), 4 * ((round + 1) / 2));
        }
        Span<byte> header = stackalloc byte[16];
        BinaryPrimitives.WriteInt32LittleEndian(header, 1_700_000_000 + (packet / 100_000));
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], packet % 100_000 * 10);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], frame.Length);
        file.Write(header);
        file.Write(frame);
    }

    private static byte[] Frame(int flow, bool forward)
    {
        string host = $"10.0.{flow / 250}.{(flow % 250) + 1}";
        (int from, int to) = forward ? (1000, 80) : (80, 1000);
        return EthernetIp(
            flow % 2 == 0 ? UdpNumber : TcpNumber,
            forward ? host : "192.168.0.1",
            forward ? "192.168.0.1" : host,
            flow % 2 == 0 ? Udp(from, to, new byte[16]) : Tcp(from, to, 0, 0, Conversation.Psh | Conversation.Ack, [1, 2, 3, 4])
        );
    }
}
