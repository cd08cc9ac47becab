using System.Security.Cryptography;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Reading;

public sealed class FingerprintTests : IDisposable
{
    private static readonly CapturedPacket[] Packets = SamplePackets.Make(30);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task OfPcapIsTheHashOfHeaderAndFirstRecord()
    {
        byte[] first = new PcapBuilder().Add(Packets[0]).ToArray();
        Assert.Equal(Hash(first), await OfAsync(first));
        Assert.Equal(Hash(first), await OfAsync(new PcapBuilder().AddAll(Packets).ToArray()));
    }

    [Fact]
    public async Task OfAnEmptyCaptureIsTheHashOfItsHeader()
    {
        byte[] header = new PcapBuilder().ToArray();
        Assert.Equal(Hash(header), await OfAsync(header));
    }

    [Fact]
    public async Task IsTheSameHoweverItIsRead()
    {
        byte[] capture = new PcapBuilder().AddAll(Packets).ToArray();
        string expected = await OfAsync(capture);
        foreach (string compression in Compressions.Names)
        {
            byte[] bytes = Compressions.Compress(compression, capture);
            Assert.Equal(expected, await OfAsync(bytes));
            using DribblingStream stream = new(bytes, seed: 1);
            Assert.Equal(expected, (await ReadBack.StandardInputAsync(stream)).Sources[0].Fingerprint);
        }
    }

    [Fact]
    public async Task OfPcapngLeavesOutWhatChangesWhenTheCaptureGrows()
    {
        string being = await OfAsync(new PcapngBuilder().Section().Interface().Packet(0, Packets[0]).ToArray());
        string grown = await OfAsync(
            new PcapngBuilder()
                .Section(sectionLength: 4_711)
                .Interface()
                .Unknown(10, 200)
                .Packet(0, Packets[0])
                .Packet(0, Packets[1])
                .ToArray()
        );
        Assert.Equal(being, grown);
    }

    [Fact]
    public async Task TellsCapturesApart()
    {
        byte[][] captures =
        [
            new PcapBuilder().Add(Packets[0]).ToArray(),
            new PcapBuilder().Add(Packets[1]).ToArray(),
            new PcapBuilder(linkType: 101).Add(Packets[0]).ToArray(),
            new PcapBuilder(bigEndian: true).Add(Packets[0]).ToArray(),
            new PcapngBuilder().Section().Interface().Packet(0, Packets[0]).ToArray(),
            new PcapngBuilder().Section().Interface(linkType: 101).Packet(0, Packets[0]).ToArray(),
        ];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (byte[] capture in captures)
            Assert.True(seen.Add(await OfAsync(capture)));
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(..8));

    private async Task<string> OfAsync(byte[] capture)
    {
        ReadBack read = await ReadBack.FilesAsync(_folder.Write(Guid.NewGuid().ToString(), capture));
        return Assert.Single(read.Sources).Fingerprint;
    }
}
