using System.IO.Compression;
using FlowPipe.Core.Reading;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// The same capture gives the same set of records, byte for byte: whatever the partitions, batches, blocks and salts, compressed, through a
/// pipe and from another path. A row is a set of captures; its message names those that fail.
/// </summary>
public sealed class DeterminismTests
{
    [Fact]
    public Task Samples() => CheckAsync(Repository.Samples());

    [Theory]
    [InlineData("arkime")]
    [InlineData("flows")]
    [InlineData("encapsulation")]
    public Task Corpus(string set) => CheckAsync(Repository.Captures(Repository.Shared("corpus", set, "pcap")));

    private static Task CheckAsync(string[] paths) =>
        Determinism.CheckAllAsync(paths, static path => Path.GetFileName(path), static (check, path) => CheckAsync(check, path));

    private static async Task CheckAsync(Determinism check, string path)
    {
        string name = Path.GetFileName(path);
        RecordSet records = (await check.CheckAsync(name, ReadingVariants.Default(path))).WithoutUris();
        byte[] bytes = await File.ReadAllBytesAsync(path);

        using var folder = new TemporaryFolder();
        string copy = folder.Write("another path", bytes);
        await check.CheckOtherWayAsync(records, $"{name} from another path", ReadingVariants.Default(copy));

        string recompressed = folder.Write("recompressed", IsGzip(bytes) ? Decompress(bytes) : Compress(bytes));
        if (!IsOtherCompression(bytes))
            await check.CheckOtherWayAsync(records, $"{name}, gzip added or taken off", ReadingVariants.Default(recompressed));

        FileReaderSettings standardInput = ReadingVariants.Default(CaptureInput.StandardInput) with
        {
            OpenStandardInput = () => new Trickle(bytes, Random.Shared),
        };
        await check.CheckOtherWayAsync(records, $"{name} through stdin", standardInput);
    }

    private static bool IsGzip(byte[] bytes) => bytes is [0x1F, 0x8B, ..];

    // compressed twice is refused
    private static bool IsOtherCompression(byte[] bytes) =>
        bytes is [0x28, 0xB5, 0x2F, 0xFD, ..] or [0x04, 0x22, 0x4D, 0x18, ..] or [0xFD, 0x37, 0x7A, 0x58, ..];

    private static byte[] Compress(byte[] bytes)
    {
        using var to = new MemoryStream();
        using (var gzip = new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        return to.ToArray();
    }

    private static byte[] Decompress(byte[] bytes)
    {
        using var to = new MemoryStream();
        using (var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress))
            gzip.CopyTo(to);
        return to.ToArray();
    }
}
