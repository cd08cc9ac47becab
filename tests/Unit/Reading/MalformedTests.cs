using FlowPipe.Core.Reading;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

/// <summary>Whatever bytes come, reading ends, and ends with a verdict: <see cref="ReadBack"/> fails on anything else.</summary>
public sealed class MalformedTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FlippedAndCutCapturesEndInVerdicts()
    {
        CapturedPacket[] packets = SamplePackets.Make(12);
        PcapngBuilder pcapng = new PcapngBuilder()
            .Section()
            .Interface(resolution: 9, offsetSeconds: 3)
            .Interface(linkType: 101)
            .Unknown(5, 60);
        foreach (CapturedPacket packet in packets)
            pcapng.Packet(1, packet).SimplePacket(packet).ObsoletePacket(0, packet);
        byte[][] captures = [pcapng.ToArray(), new PcapBuilder().AddAll(packets).ToArray()];
        Random random = new(4);
        int damaged = 0;
        for (int round = 0; round < 600; round++)
        {
            byte[] bytes = [.. captures[round % 2]];
            string compression = Compressions.Names[round / 2 % Compressions.Names.Length];
            if (round % 3 != 0)
                Flip(bytes, random);
            bytes = Compressions.Compress(compression, bytes);
            if (round % 3 == 0)
                Flip(bytes, random);
            if (random.Next(4) == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            string path = _folder.Write("malformed", bytes);

            ReadBack read = await ReadBack.RunAsync(
                new FileReaderSettings
                {
                    Inputs = [new CaptureInput(path)],
                    BlockBytes = 2_048,
                    BatchPackets = 7,
                    Blocks = 2,
                    Batches = 2,
                },
                TestContext.Current.CancellationToken
            );

            damaged += read.Damage.Count;
            Assert.InRange(read.Damage.Count + read.Warnings.Count, 0, 1);
            Assert.All(read.Packets, packet => Assert.InRange(packet.Packet.OriginalLength, packet.Packet.Data.Length, int.MaxValue));
        }
        Assert.InRange(damaged, 100, 600);
    }

    private static void Flip(byte[] bytes, Random random)
    {
        for (int i = random.Next(1, 4); i > 0; i--)
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
    }
}
