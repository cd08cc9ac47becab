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
    private const int Warm = 600_000;
    private const int Million = 1_000_000;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// A long run allocates no more than a short one: in the short one already every session has had its place and each has filled a record,
    /// and what its packets' positions took is used again. The rest of the million makes two records of each session, and those may cost.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task AMillionPacketsMoreAllocateLessThanAMillionBytes(int partitions)
    {
        string longer = Capture(Warm + Million);
        string shorter = Path.Combine(_folder.Path, "shorter.pcap");
        await using (
            FileStream from = File.OpenRead(longer),
                to = File.Create(shorter)
        )
        {
            var bytes = new byte[FileHeader + ((from.Length - FileHeader) / (Warm + Million) * Warm)];
            from.ReadExactly(bytes);
            to.Write(bytes);
        }
        await RunAsync(shorter, partitions);

        long few = await AllocatedByAsync(shorter, Warm, partitions);
        long many = await AllocatedByAsync(longer, Warm + Million, partitions);
        Assert.InRange((many - few) / (double)Million, double.NegativeInfinity, 1.0);
    }

    private const int FileHeader = 24;

    private static async Task<long> AllocatedByAsync(string path, int packets, int partitions)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        long counted = await RunAsync(path, partitions);
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        Assert.Equal(packets, counted);
        return allocated;
    }

    private static async Task<long> RunAsync(string path, int partitions)
    {
        using var reader = new FilePacketReader(new FileReaderSettings { Inputs = [new CaptureInput(path)] });
        using var run = new SessionRun(reader, new NullSink(), new SessionSettings { MaxPackets = 500 }, partitions: partitions);
        await run.Topology.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal(Flows, run.Counts.Created);
        return reader.Counts.Packets;
    }

    /// <summary>Half of the flows UDP, half TCP with data in order, both directions of each; all frames of one length.</summary>
    private string Capture(int packets)
    {
        byte[][] frames = [.. Enumerable.Range(0, 2 * Flows).Select(i => Frame(i / 2, forward: i % 2 == 0))];
        string path = Path.Combine(_folder.Path, "longer.pcap");
        using FileStream file = File.Create(path);
        file.Write(new PcapBuilder().ToArray());
        Span<byte> header = stackalloc byte[16];
        for (int i = 0; i < packets; i++)
        {
            int flow = i % Flows;
            int round = i / Flows;
            byte[] frame = frames[(2 * flow) + (round % 2)];
            if (flow % 2 == 1)
            {
                int own = 4 * (round / 2);
                int other = 4 * ((round + 1) / 2);
                BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(34 + 4), own);
                BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(34 + 8), other);
            }
            BinaryPrimitives.WriteInt32LittleEndian(header, 1_700_000_000 + (i / 100_000));
            BinaryPrimitives.WriteInt32LittleEndian(header[4..], i % 100_000 * 10);
            BinaryPrimitives.WriteInt32LittleEndian(header[8..], frame.Length);
            BinaryPrimitives.WriteInt32LittleEndian(header[12..], frame.Length);
            file.Write(header);
            file.Write(frame);
        }
        return path;
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
