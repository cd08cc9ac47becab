using System.Globalization;
using System.Text.Json;
using FlowPipe.Core.Writing;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>Replays that write packets, killed at any moment: what a delivered record points to is on disk.</summary>
public sealed class KilledWriterTests : IDisposable
{
    private const int Flows = 20_000;
    private const int FewKills = 4;

    /// <summary>How often a run is killed; <c>make test-faults</c> asks for more.</summary>
    private static readonly int Kills = int.Parse(
        Environment.GetEnvironmentVariable("FLOWPIPE_KILLS") ?? $"{FewKills}",
        CultureInfo.InvariantCulture
    );

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("none")]
    [InlineData("zstd")]
    public async Task EveryDeliveredRecordHasItsPackets(string compression)
    {
        string capture = Capture();
        var random = new Random();
        long delivered = 0;
        int cut = 0;
        for (int kill = 0; kill < (Kills + 1) / 2; kill++)
        {
            string folder = Path.Combine(_folder.Path, $"packets-{kill}");
            string records = Path.Combine(_folder.Path, $"records-{kill}.json");
            using (
                ProgramRun run = new([
                    "replay",
                    "-r",
                    capture,
                    "--to",
                    $"ndjson:{records}",
                    "--set",
                    "writer.pcapWriteMethod=simple",
                    "--pcap-dir",
                    folder,
                    "--set",
                    $"writer.simpleCompression={compression}",
                    "--set",
                    "sessions.udpTimeout=1",
                    // at top speed, and so slowly that the moment comes before the end
                    .. kill % 2 == 0 ? ["--speed", "15000pps"] : (string[])[],
                ])
            )
            {
                // Some moment after the first record, of which there are many more to come.
                while (!(File.Exists(records) && new FileInfo(records).Length > 0) && !run.HasEnded)
                    await Task.Delay(1, TestContext.Current.CancellationToken);
                await Task.Delay(random.Next(400), TestContext.Current.CancellationToken);
                run.Kill();
                await run.EndAsync();
            }

            // The last line may be half a record, which nobody has got.
            string[] lines = (await File.ReadAllTextAsync(records, TestContext.Current.CancellationToken)).Split('\n')[..^1];
            await File.WriteAllLinesAsync(records, lines, TestContext.Current.CancellationToken);
            int packets = lines.Sum(static line => JsonDocument.Parse(line).RootElement.GetProperty("packetLen").GetArrayLength());
            delivered += lines.Length;
            cut += lines.Length < Flows ? 1 : 0;
            string output = Path.Combine(_folder.Path, "out.pcap");
            (await Executable.RunAsync("extract", records, "-w", output)).Succeeded();
            Assert.Equal(packets, PlainPcap.Read(output).Count);

            foreach (string file in Directory.GetFiles(folder))
            {
                if (compression == "none")
                    Assert.True(PcapFileReader.TryOpen(file) is { } opened && Close(opened), file);
                // Whole up to the last packet that came to the disk; a packet cut short is the end.
                ProgramResult read = await Executable.RunAsync("replay", "-r", file, "--to", "null:");
                Assert.True(read.Ledger("packets read") > 0, read.Error);
                Assert.DoesNotContain("unexpected", read.Error, StringComparison.Ordinal);
            }
            Directory.Delete(folder, recursive: true);
        }
        Assert.True(delivered > 0 && cut > 0, $"{delivered} records were delivered before the kills, {cut} runs were cut short");
    }

    private static bool Close(PcapFileReader opened)
    {
        opened.Dispose();
        return true;
    }

    private string Capture()
    {
        var builder = new PcapBuilder();
        for (int flow = 0; flow < Flows; flow++)
            builder.AddAll(
                new Conversation(clientPort: 1_000 + flow)
                    .Udp(flow * 0.001, true, new string('a', 500))
                    .Udp((flow * 0.001) + 0.0002, false, new string('b', 500))
                    .Packets
            );
        return _folder.Write("flows.pcap", builder.ToArray());
    }
}
