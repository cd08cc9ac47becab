using CsCheck;
using FlowPipe.Core.Reading;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

/// <summary>Wherever blocks, batches and reads end, exactly the packets that were written are read.</summary>
public sealed class BoundaryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task NothingDependsOnWhereABlockEnds() =>
        await Gen.Select(
                Gen.Int[0, 400].Array[0, 60],
                Gen.Int[500, 3_000],
                Gen.Int[1, 12],
                Gen.Int[2, 5],
                Gen.Bool,
                Gen.Int[0, Compressions.Names.Length - 1]
            )
            .SampleAsync(
                async (lengths, blockBytes, batchPackets, blocks, pcapng, compression) =>
                {
                    CapturedPacket[] packets = SamplePackets.Make(lengths);
                    CaptureBuilder capture = pcapng ? Pcapng(packets) : new PcapBuilder().AddAll(packets);
                    byte[] bytes = Compressions.Compress(Compressions.Names[compression], capture.ToArray());
                    FileReaderSettings settings = new()
                    {
                        Inputs = [new CaptureInput(_folder.Write(Guid.NewGuid().ToString(), bytes))],
                        BlockBytes = blockBytes,
                        BatchPackets = batchPackets,
                        Blocks = blocks,
                        Batches = blocks,
                    };

                    ReadBack file = await ReadBack.RunAsync(settings);
                    using DribblingStream stream = new(bytes, seed: lengths.Length);
                    ReadBack piped = await ReadBack.StandardInputAsync(stream, settings);

                    foreach (ReadBack read in (ReadBack[])[file, piped])
                    {
                        Assert.Empty(read.Damage);
                        Assert.Empty(read.Warnings);
                        SamplePackets.Same(packets, capture.Offsets, read.Packets);
                    }
                    Assert.Equal(file.Sources[0].Fingerprint, piped.Sources[0].Fingerprint);
                },
                iter: 150,
                threads: 1
            );

    /// <summary>Blocks that are skipped, of all lengths, between packets of two sections.</summary>
    private static PcapngBuilder Pcapng(CapturedPacket[] packets)
    {
        PcapngBuilder capture = new PcapngBuilder().Section(bigEndian: true).Interface().Unknown(0x99, 4_000);
        for (int i = 0; i < packets.Length; i++)
        {
            if (i == packets.Length / 2)
                capture.Section(bigEndian: false).Interface();
            capture.Unknown(0x99, i * 4 % 60).Packet(0, packets[i], i % 3 == 0 ? "comment" : null);
        }
        return capture;
    }
}
