using FlowPipe.Core.Writing;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>Packets of files that FlowPipe has written itself, whatever has become of the files.</summary>
public sealed class WrittenExtractTests : IDisposable
{
    private const int Packets = 80;
    private const string Plain = "none";
    private const string Zstd = "zstd";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Plain)]
    [InlineData(Zstd)]
    public async Task MovedFilesAreFoundUnderTheirNewFolder(string compression)
    {
        List<(long, uint, string)> packets = await WriteAsync("disk/pcap", compression);
        Directory.CreateDirectory(In("elsewhere"));
        Directory.Move(In("disk/pcap"), In("elsewhere/pcap"));
        ProgramResult missing = await ExtractAsync(1, []);
        Assert.Contains($"is not there: {Packets} packets of it can't be had", missing.Error, StringComparison.Ordinal);
        Assert.Contains("--root", missing.Error, StringComparison.Ordinal);
        await ExtractAsync(0, packets, "--root", In("elsewhere"));
        await ExtractAsync(0, packets, "--root", In("elsewhere/pcap"));
    }

    [Fact]
    public async Task AFileWithoutATableThatCanBeTrustedIsReadFromItsBeginning()
    {
        List<(long, uint, string)> packets = await WriteAsync("pcap", Zstd);
        string file = Assert.Single(Directory.GetFiles(In("pcap")));
        byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        List<ZstdFrame> blocks = Blocks(bytes);
        long table = blocks.Sum(static block => (long)block.Compressed);
        byte[] wrong = [.. bytes];
        wrong[table + 8 + 4] ^= 0x10; // what the first block becomes
        byte[][] spoilt = [bytes[..^1], bytes[..(int)(table + 8)], bytes[..(int)table], wrong];
        foreach (byte[] contents in spoilt)
        {
            await File.WriteAllBytesAsync(file, contents, TestContext.Current.CancellationToken);
            await ExtractAsync(0, packets);
        }
    }

    [Fact]
    public async Task ADamagedBlockCostsItsPacketsAndNoOthers()
    {
        List<(long Ns, uint, string)> packets = await WriteAsync("pcap", Zstd);
        string file = Assert.Single(Directory.GetFiles(In("pcap")));
        byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        List<ZstdFrame> blocks = Blocks(bytes);
        Assert.True(blocks.Count > 4);
        bytes[blocks[0].Compressed + (blocks[1].Compressed / 2)] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        // packets are of one length, and the blocks are filled one after the other
        int length = PcapLayout.RecordHeaderLength + (packets[0].Item3.Length / 2);
        int first = (blocks[0].Decompressed - PcapLayout.FileHeaderLength) / length;
        int lost = blocks[1].Decompressed / length;
        ProgramResult run = await ExtractAsync(1, [.. packets[..first], .. packets[(first + lost)..]]);
        Assert.Contains($"{lost} of {Packets} packets of it are not there", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsLeftIsGivenWhenAFileWasReplacedOrRemoved()
    {
        // a file each for the two captures' link types
        List<(long Ns, uint, string)> packets = await WriteAsync("pcap", Plain, withRaw: true);
        string[] files = [.. Directory.GetFiles(In("pcap")).Order(StringComparer.Ordinal)];
        Assert.Equal(2, files.Length);
        List<(long, uint, string)> rest = PlainPcap.Read(files[1]);
        foreach (
            byte[] contents in (byte[][])
                [
                    [],
                    "no capture"u8.ToArray(),
                    await File.ReadAllBytesAsync(Executable.Sample("tls.pcap"), TestContext.Current.CancellationToken),
                ]
        )
        {
            await File.WriteAllBytesAsync(files[0], contents, TestContext.Current.CancellationToken);
            ProgramResult replaced = (
                await Executable.RunAsync("extract", In("records.json"), "-w", In("out.pcapng"), "--format", "pcapng")
            ).Ended(1);
            Assert.Contains(files[0], replaced.Error, StringComparison.Ordinal);
        }
        // another of ours, whose first packet begins where that of the file did
        File.Copy(files[1], files[0], overwrite: true);
        int lost = packets.Count - rest.Count;
        ProgramResult other = await ExtractAsync(1, rest);
        Assert.Contains($"{files[0]}: {lost} of {lost} packets of it are not there", other.Error, StringComparison.Ordinal);

        File.Delete(files[0]);
        ProgramResult gone = await ExtractAsync(1, rest);
        Assert.Contains($"{files[0]} is not there: {lost} packets of it can't be had", gone.Error, StringComparison.Ordinal);
    }

    private static List<ZstdFrame> Blocks(byte[] file)
    {
        using var stream = new MemoryStream(file);
        return ZstdSeekTable.Read(stream)!;
    }

    private string In(string name) => Path.Combine(_folder.Path, name);

    /// <summary>Replays a capture that fills several blocks, and writes its packets and their records.</summary>
    private async Task<List<(long Ns, uint Original, string Frame)>> WriteAsync(string folder, string compression, bool withRaw = false)
    {
        List<CapturedPacket> packets = [];
        for (int i = 0; i < Packets; i++)
        {
            // as good as random: it takes as much room compressed
            string text = string.Concat(
                Enumerable
                    .Range(0, 1_000)
                    .Select(n => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes((i * 1_000) + n))))
            );
            packets.AddRange(new Conversation(clientPort: 2_000 + (i % 7)).Udp(i * 0.1, true, text[..50_000]).Packets);
        }
        string capture = _folder.Write("flows.pcap", new PcapBuilder().AddAll(packets).ToArray());
        string[] inputs = ["-r", capture];
        List<(long, uint, string)> all = PlainPcap.Read(capture);
        if (withRaw)
        {
            CapturedPacket[] raw =
            [
                .. packets.Take(5).Select(static packet => new CapturedPacket(packet.TimestampNs + 60_000_000_000, packet.Data[14..])),
            ];
            inputs = [.. inputs, "-r", _folder.Write("raw.pcap", new PcapBuilder(linkType: 101).AddAll(raw).ToArray())];
            all.AddRange(PlainPcap.Read(inputs[^1]));
        }
        ProgramResult run = (
            await Executable.RunAsync([
                "replay",
                .. inputs,
                "--partitions",
                "1",
                "--to",
                $"ndjson:{In("records.json")}",
                "--set",
                "writer.pcapWriteMethod=simple",
                "--set",
                "writer.pcapWriteSize=512kb",
                "--set",
                $"writer.simpleCompression={compression}",
                "--pcap-dir",
                In(folder),
            ])
        ).Succeeded();
        Assert.Equal(all.Count, run.Ledger("packets in files"));
        return all;
    }

    private async Task<ProgramResult> ExtractAsync(int status, List<(long Ns, uint, string)> packets, params string[] args)
    {
        string output = In("out.pcap");
        ProgramResult run = (await Executable.RunAsync(["extract", In("records.json"), "-w", output, .. args])).Ended(status);
        Assert.Equal(packets, PlainPcap.Read(output));
        return run;
    }
}
