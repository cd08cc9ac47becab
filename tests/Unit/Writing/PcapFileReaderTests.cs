using System.Buffers.Binary;
using CsCheck;
using FlowPipe.Core.Writing;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Writing;

/// <summary>Files of the writer that something has happened to.</summary>
public sealed class PcapFileReaderTests : IDisposable
{
    private const int Count = 60;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(WriterSettings.None)]
    [InlineData(WriterSettings.Zstd)]
    public async Task NoPlaceIsReadThatNoPacketCanBeginAt(string compression)
    {
        (string path, long[] offsets, CapturedPacket[] packets) = await WriteAsync(compression);
        using PcapFileReader file = PcapFileReader.TryOpen(path)!;
        foreach (long offset in (long[])[long.MinValue, -1, long.MaxValue, long.MaxValue - 15, 1L << 62, 1L << 40, offsets[^1] + 60_000])
            Assert.False(file.TryRead(offset, out _));
        AssertRead(file, offsets[^1], packets[^1]);
        AssertRead(file, offsets[0], packets[0]);
    }

    [Fact]
    public async Task ADamagedBlockCostsItsPacketsAlone()
    {
        (string path, long[] offsets, CapturedPacket[] packets) = await WriteAsync(WriterSettings.Zstd);
        byte[] bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        List<ZstdFrame> blocks;
        using (var stream = new MemoryStream(bytes))
            blocks = ZstdSeekTable.Read(stream)!;
        Assert.True(blocks.Count > 4);
        bytes[blocks[0].Compressed + (blocks[1].Compressed / 2)] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        (long from, long to) = (blocks[0].Decompressed, blocks[0].Decompressed + blocks[1].Decompressed);

        using PcapFileReader file = PcapFileReader.TryOpen(path)!;
        int[] forth = [.. Enumerable.Range(0, Count)];
        foreach (int i in (int[])[.. forth, .. forth.Reverse(), .. forth])
        {
            if (offsets[i] >= from && offsets[i] < to)
                Assert.False(file.TryRead(offsets[i], out _));
            else
                AssertRead(file, offsets[i], packets[i]);
        }
    }

    [Fact]
    public async Task ATableThatDoesNotAgreeWithItsBlocksIsNotTrusted()
    {
        (string path, long[] offsets, _) = await WriteAsync(WriterSettings.Zstd);
        byte[] bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        const int Foot = 9;
        const int Entry = 8;
        int blocks = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - Foot));
        for (int block = 0; block < blocks; block++)
        {
            byte[] wrong = [.. bytes];
            // what the block becomes
            wrong[wrong.Length - Foot - (Entry * (blocks - block)) + 4] ^= 0x20;
            await File.WriteAllBytesAsync(path, wrong, TestContext.Current.CancellationToken);
            Assert.Null(PcapFileReader.TryOpen(path));
        }
        foreach (int cut in (int[])[1, Foot, Foot + 3, Foot + Entry])
        {
            await File.WriteAllBytesAsync(path, bytes[..^cut], TestContext.Current.CancellationToken);
            Assert.Null(PcapFileReader.TryOpen(path));
        }
    }

    [Fact]
    public async Task WhateverIsInTheFileNothingIsThrown()
    {
        foreach (string compression in (string[])[WriterSettings.None, WriterSettings.Zstd])
        {
            (string path, long[] offsets, _) = await WriteAsync(compression);
            byte[] bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
            Gen.Select(
                    Gen.Select(Gen.OneOf(Gen.Int[0, bytes.Length - 1], Gen.Int[bytes.Length - 120, bytes.Length - 1]), Gen.Byte).Array[
                        1,
                        6
                    ],
                    Gen.Int[0, 400]
                )
                .Sample(
                    (changes, cut) =>
                    {
                        byte[] wrong = [.. bytes];
                        foreach ((int at, byte value) in changes)
                            wrong[at] = value;
                        string damaged = _folder.Write(Guid.NewGuid().ToString(), cut < 200 ? wrong : wrong[..^cut]);
                        using (PcapFileReader? file = PcapFileReader.TryOpen(damaged))
                        {
                            foreach (long offset in offsets)
                                file?.TryRead(offset + (cut % 3), out _);
                        }
                        File.Delete(damaged);
                    },
                    iter: 100,
                    threads: 1
                );
        }
    }

    private static void AssertRead(PcapFileReader file, long offset, CapturedPacket expected)
    {
        Assert.True(file.TryRead(offset, out PcapPacket packet));
        Assert.Equal(
            (expected.TimestampNs, expected.OriginalLength, Convert.ToHexString(expected.Data)),
            (packet.TimestampNs, packet.OriginalLength, Convert.ToHexString(packet.Frame))
        );
    }

    /// <summary>Packets that fill several blocks.</summary>
    private async Task<(string Path, long[] Offsets, CapturedPacket[] Packets)> WriteAsync(string compression)
    {
        CapturedPacket[] packets =
        [
            .. Enumerable
                .Range(0, Count)
                .Select(static i => new Conversation().Udp(i * 0.1, true, new string((char)('A' + i), 50_000)).Packets[0]),
        ];
        string folder = Path.Combine(_folder.Path, Guid.NewGuid().ToString());
        var sink = new GatheringSink();
        using var run = new SessionRun(
            new MemoryReader(new MemorySource(packets)),
            sink,
            writer: new WriterSettings
            {
                PcapWriteMethod = WriterSettings.Simple,
                PcapDir = [folder],
                PcapWriteSize = WriterSettings.SmallestBuffer,
                SimpleCompression = compression,
                Node = "n",
            }
        );
        await run.RunAsync(TestContext.Current.CancellationToken);
        return (
            Assert.Single(Directory.GetFiles(folder)),
            [.. sink.Records.SelectMany(static record => record.Positions()).Select(static place => place.Offset)],
            packets
        );
    }
}
