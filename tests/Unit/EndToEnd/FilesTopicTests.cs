using System.Globalization;
using System.Text;
using System.Text.Json;
using FlowPipe.Core.Emitting;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

public sealed class FilesTopicTests : IDisposable
{
    private const string Topic = "flowpipe.files.v1";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheLifeOfEachFileIsTold()
    {
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic("t");
        kafka.CreateTopic(Topic);
        string packets = Directory.CreateDirectory(Path.Combine(_folder.Path, "packets")).FullName;
        string old = Path.Combine(packets, "probe-1-250101-000000-00ff-0001.pcap");
        await File.WriteAllBytesAsync(old, new byte[100], TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-1));
        string[] run =
        [
            "replay",
            "-r",
            Executable.Sample("http.pcap"),
            "-r",
            Executable.Sample("tls.pcap"),
            "--pcap-write-method",
            "simple",
            "--pcap-dir",
            packets,
            "--set",
            "writer.maxFileSizeG=0.001",
            "--set",
            "writer.freeSpaceG=1000000",
            "--set",
            "writer.simpleCompression=zstd",
            "--node",
            "probe-1",
            "--to",
            $"kafka://{kafka.BootstrapServers}/t",
        ];
        ProgramResult ended = (await Executable.RunAsync(run)).Succeeded();
        List<(string Key, string? Value)> messages = await ReadAsync(kafka);

        JsonElement removed = Parse(messages.First(static message => message.Key == "probe-1-250101-000000-00ff-0001").Value!);
        Assert.Equal(("removed", 100), (removed.GetProperty("state").GetString(), removed.GetProperty("diskBytes").GetInt64()));
        Assert.Equal(new Uri(old).AbsoluteUri, removed.GetProperty("uri").GetString());
        Assert.Null(messages.Last(static message => message.Key == "probe-1-250101-000000-00ff-0001").Value);

        string[] files = [.. Directory.GetFiles(packets).Select(static file => Path.GetFileName(file)[..^".pcap.zst".Length])];
        Assert.NotEmpty(files);
        long all = 0;
        foreach (string id in files)
        {
            List<JsonElement> life = [.. messages.Where(message => message.Key == id).Select(static message => Parse(message.Value!))];
            Assert.Equal(["open", "closed"], life.Select(static message => message.GetProperty("state").GetString()));
            JsonElement closed = life[1];
            string path = Path.Combine(packets, id + ".pcap.zst");
            Assert.Equal(
                (id, "probe-1", new Uri(path).AbsoluteUri, 1, "zstd", new FileInfo(path).Length, false),
                (
                    closed.GetProperty("id").GetString(),
                    closed.GetProperty("node").GetString(),
                    closed.GetProperty("uri").GetString(),
                    closed.GetProperty("linkType").GetInt32(),
                    closed.GetProperty("compression").GetString(),
                    closed.GetProperty("diskBytes").GetInt64(),
                    closed.GetProperty("cut").GetBoolean()
                )
            );
            Assert.True(closed.GetProperty("firstPacketNs").GetInt64() <= closed.GetProperty("lastPacketNs").GetInt64());
            Assert.True(
                DateTimeOffset.Parse(closed.GetProperty("time").GetString()!, CultureInfo.InvariantCulture) <= DateTimeOffset.UtcNow
            );
            all += closed.GetProperty("packets").GetInt64();
        }
        Assert.Equal(ended.Ledger("packets in files"), all);

        // nothing is told where nobody wants it
        (await Executable.RunAsync([.. run, "--set", "files.topic="])).Succeeded();
        Assert.Equal(messages.Count, (await ReadAsync(kafka)).Count);
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    private static async Task<List<(string Key, string? Value)>> ReadAsync(EmbeddedKafka kafka) =>
        [
            .. (await EmbeddedTopic.ReadAsync(kafka, Topic)).Select(static message =>
                (Encoding.UTF8.GetString(message.Key), message.Value is { Length: > 0 } value ? Encoding.UTF8.GetString(value) : null)
            ),
        ];
}
