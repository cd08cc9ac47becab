using FlowPipe.Pipeline.Extracting;

namespace FlowPipe.Tests.Unit.Pipeline;

public sealed class PacketStoreTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(int.MaxValue)]
    public void PacketsComeInOrderOfTimeWhateverHasGoneToTheFile(long memory)
    {
        var random = new Random(7);
        using var store = new PacketStore(memory);
        var expected = new List<(long Ns, string Frame)>();
        for (int i = 0; i < 400; i++)
        {
            byte[] frame = new byte[random.Next(3000)];
            random.NextBytes(frame);
            var head = new PacketHead(random.Next(100), frame.Length, frame.Length + 5, LinkType: 1);
            store.Add(in head, frame);
            expected.Add((head.TimestampNs, Convert.ToHexString(frame)));
        }
        var writer = new Gatherer();
        store.WriteTo(writer);
        // OrderBy keeps the order of those of the same time.
        Assert.Equal(expected.OrderBy(static packet => packet.Ns), writer.Packets);
    }

    [Fact]
    public void LinkTypesAreThoseThatCame()
    {
        using var store = new PacketStore();
        foreach (ushort linkType in (ushort[])[1, 101, 1])
            store.Add(new PacketHead(0, 1, 1, linkType), [1]);
        Assert.Equal([1, 101], store.LinkTypes);
    }

    private sealed class Gatherer : ICaptureWriter
    {
        public List<(long Ns, string Frame)> Packets { get; } = [];

        public void Write(in PacketHead head, ReadOnlySpan<byte> frame)
        {
            Assert.Equal(frame.Length, head.CapturedLength);
            Assert.Equal(frame.Length + 5, head.OriginalLength);
            Packets.Add((head.TimestampNs, Convert.ToHexString(frame)));
        }
    }
}
