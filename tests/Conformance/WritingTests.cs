using System.Collections;
using System.Globalization;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Stats;
using FlowPipe.Core.Writing;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Pipeline.Extracting;
using FlowPipe.Pipeline.Terminal;
using FlowPipe.Schemas;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// Whatever is done with packets: the records of a capture give back exactly those that have a session. <c>FLOWPIPE_WRITTEN=1</c> has tcpdump and tshark
/// read all that is written, and not that of each twentieth capture.
/// </summary>
public sealed class WritingTests : IDisposable
{
    private static readonly int Each = int.Parse(
        Environment.GetEnvironmentVariable("FLOWPIPE_WRITTEN") ?? "20",
        CultureInfo.InvariantCulture
    );

    // link types of switches' tags (Broadcom, Marvell), which tcpdump alone reads
    private static readonly int[] UnknownToTshark = [281, 282, 284, 285];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Samples() => [.. TestSupport.Samples.Names];

    public static TheoryData<string> Sets() => ["arkime", "flows", "encapsulation", "fingerprints"];

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task ASamplesPacketsComeBackByEveryMethod(string sample) =>
        Assert.Null(await DifferenceAsync(TestSupport.Samples.Path(sample), readByOthers: true));

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task PacketsOfRealCapturesComeBackByEveryMethod(string set)
    {
        var differ = new List<string>();
        int captures = 0;
        foreach (string path in Repository.Captures(Repository.Shared("corpus", set, "pcap")))
        {
            bool readByOthers = captures++ % Each == 0;
            if (await DifferenceAsync(path, readByOthers) is { } difference)
                differ.Add($"{Path.GetFileName(path)}: {difference}");
        }
        Assert.NotEqual(0, captures);
        Assert.True(differ.Count == 0, string.Join('\n', differ));
    }

    /// <summary>What does not come back, or what does that should not; null when all is well.</summary>
    private async Task<string?> DifferenceAsync(string capture, bool readByOthers)
    {
        (List<string> inplace, RunSnapshot read, _) = await RunAsync(
            capture,
            new WriterSettings { PcapWriteMethod = WriterSettings.Inplace },
            1
        );
        // Some sessions keep no more of their packets after a while, and say so.
        if (inplace.Count > read.RecordPackets)
            return $"inplace: {inplace.Count} packets are named, and {read.RecordPackets} have a session";
        foreach (
            (string compression, int partitions) in ((string, int)[])
                [(WriterSettings.None, 1), (WriterSettings.None, 3), (WriterSettings.Zstd, 2)]
        )
        {
            string dir = _folder.Path(Path.GetRandomFileName());
            var settings = new WriterSettings
            {
                PcapWriteMethod = WriterSettings.Simple,
                PcapDir = [Path.Combine(dir, "a"), Path.Combine(dir, "b")],
                SimpleCompression = compression,
                PcapWriteSize = WriterSettings.SmallestBuffer,
                MaxFileSize = 200_000,
                Node = "test",
            };
            (List<string> written, RunSnapshot run, string told) = await RunAsync(capture, settings, partitions);
            string what = $"{compression}, {partitions} partitions";
            if (told.Length > 0)
                return $"{what}: {told}";
            if (run.Writer!.Packets != inplace.Count || run.Writer.Open + run.Writer.Lost + run.Writer.Unsaved != 0)
                return $"{what}: {run.Writer.Packets} packets are in files, and {inplace.Count} should be";
            if (!written.SequenceEqual(inplace))
                return $"{what}: {written.Count} packets come back, {inplace.Count} should, {inplace.Except(written).Count()} of them do not";
            if (readByOthers && await OthersFaultAsync(dir, inplace.Count) is { } fault)
                return $"{what}: {fault}";
            Directory.Delete(dir, recursive: true);
        }
        return null;
    }

    private async Task<(List<string> Packets, RunSnapshot Run, string Told)> RunAsync(string capture, WriterSettings writer, int partitions)
    {
        string records = _folder.Path(Path.GetRandomFileName() + ".avro");
        await using var sink = new AvroFileSink(records, SessionSchema.Json);
        RunSnapshot run = await new InProcessRun
        {
            Reading = ReadingVariants.Default(capture),
            Partitions = partitions,
            Writer = writer,
        }.IntoAsync(sink);
        using var told = new StringWriter();
        using var store = new PacketStore();
        var context = new CommandContext(static () => Stream.Null, told, new Hashtable());
        using var extraction = new Extraction(new SourceFiles(null), store, context.Status);
        using (RecordSource source = FileSource.Open(records))
            extraction.Gather(source, [], null, long.MaxValue, CancellationToken.None);
        await extraction.ReadAsync(CancellationToken.None);
        var packets = new Packets();
        store.WriteTo(packets);
        packets.All.Sort(StringComparer.Ordinal);
        return (packets.All, run, told.ToString());
    }

    /// <summary>tcpdump and tshark are to read each file to its end.</summary>
    private static async Task<string?> OthersFaultAsync(string dir, int packets)
    {
        int tcpdump = 0;
        int tshark = 0;
        foreach (string file in Directory.EnumerateFiles(dir, "*.pcap*", SearchOption.AllDirectories))
        {
            string plain = file;
            if (file.EndsWith(".zst", StringComparison.Ordinal))
            {
                plain = file[..^".zst".Length];
                Ended zstd = await Programs.RunAsync("zstd", "-d", "-q", file, "-o", plain);
                if (zstd.Status != 0)
                    return zstd.Errors;
            }
            Ended counted = await Programs.RunAsync("tcpdump", "-r", plain, "-n", "--count");
            Ended numbered = await Programs.RunAsync("tshark", "-r", plain, "-n", "-T", "fields", "-e", "frame.number");
            bool isForeign = UnknownToTshark.Any(type =>
                numbered.Errors.Contains($"network type {type} unknown", StringComparison.Ordinal)
            );
            if (counted.Status != 0 || (numbered.Status != 0 && !isForeign))
                return counted.Errors + numbered.Errors;
            int read = int.Parse(counted.Output.Split(' ')[0], CultureInfo.InvariantCulture);
            tcpdump += read;
            tshark += isForeign ? read : numbered.Output.Count(static c => c == '\n');
        }
        return (tcpdump, tshark) == (packets, packets) ? null : $"tcpdump reads {tcpdump} packets, tshark {tshark}, of {packets}";
    }

    private sealed class Packets : ICaptureWriter
    {
        private static readonly Int128 Range = (Int128)(1L << 32) * 1_000_000_000;

        public List<string> All { get; } = [];

        // One capture of the corpora has times that the format of the files can't say: they are taken as the format does.
        public void Write(in PacketHead head, ReadOnlySpan<byte> frame) =>
            All.Add($"{(head.TimestampNs + Range) % Range:x} {head.LinkType} {head.OriginalLength} {Convert.ToHexString(frame)}");
    }
}
