using System.Security.Cryptography;
using System.Text.Json;
using FlowPipe.Core.Emitting;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>A run's manifest, and what verify and diff say of its outputs, as a user does it.</summary>
public sealed class ManifestTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Manifest => At("run.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AManifestSaysWhatWasReadAndMade()
    {
        await ReplayAsync("--to", "avro:" + At("a.avro"), "--set", "kafka.sasl.password=hunter2", "--tag", "x");
        JsonElement manifest = JsonElement.Parse(await File.ReadAllTextAsync(Manifest, TestContext.Current.CancellationToken));
        Assert.Equal("done", manifest.GetProperty("state").GetString());
        Assert.True(manifest.GetProperty("ok").GetBoolean());
        Assert.False(manifest.GetProperty("forced").GetProperty("any").GetBoolean());
        JsonElement[] sources = [.. manifest.GetProperty("sources").EnumerateArray()];
        byte[] http = await File.ReadAllBytesAsync(Executable.Sample("http.pcap"), TestContext.Current.CancellationToken);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(http)), sources[0].GetProperty("sha256").GetString());
        Assert.Equal(http.Length, sources[0].GetProperty("bytes").GetInt64());
        // Of a compressed one, the contents.
        using var ftp = new MemoryStream();
        await using (FileStream file = File.OpenRead(Executable.Sample("ftp.pcap.gz")))
        await using (var plain = new System.IO.Compression.GZipStream(file, System.IO.Compression.CompressionMode.Decompress))
            await plain.CopyToAsync(ftp, TestContext.Current.CancellationToken);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(ftp.ToArray())), sources[1].GetProperty("sha256").GetString());
        Assert.All(sources, static source => Assert.True(source.GetProperty("complete").GetBoolean()));
        Assert.Equal("***", manifest.GetProperty("configuration").GetProperty("changed").GetProperty("kafka.sasl.password").GetString());
        Assert.Equal("x", manifest.GetProperty("configuration").GetProperty("changed").GetProperty("tags").GetString());
        Assert.Equal(
            manifest.GetProperty("records").GetInt64(),
            manifest.GetProperty("digests").GetProperty("avro").GetProperty("records").GetInt64()
        );
        Assert.True(manifest.GetProperty("ledger").GetProperty("balanced").GetBoolean());
    }

    [Fact]
    public async Task TheDigestDependsOnTheRecordsAlone()
    {
        byte[] capture = await File.ReadAllBytesAsync(Executable.Sample("http.pcap"), TestContext.Current.CancellationToken);
        string elsewhere = _folder.Write("elsewhere/copy.pcap", capture);
        var sums = new HashSet<string>(StringComparer.Ordinal);
        string[][] runs =
        [
            ["-r", Executable.Sample("http.pcap"), "--to", "null:", "--partitions", "1"],
            ["-r", elsewhere, "--to", "avro:" + At("b.avro"), "--partitions", "5"],
            ["-r", elsewhere, "--to", "kafka://embedded/t?format=avro", "--set", "reading.batchPackets=256"],
        ];
        foreach (string[] run in runs)
        {
            (await Executable.RunAsync(["replay", .. run, "--manifest", Manifest])).Succeeded();
            sums.Add(Sum("avro"));
        }
        Assert.Single(sums);
        (await Executable.RunAsync("replay", "-r", elsewhere, "--to", "null:", "--node", "other", "--manifest", Manifest)).Succeeded();
        Assert.DoesNotContain(Sum("avro"), sums);

        string Sum(string encoding) =>
            JsonElement.Parse(File.ReadAllText(Manifest)).GetProperty("digests").GetProperty(encoding).GetProperty("sum").GetString()!;
    }

    [Fact]
    public async Task VerifyProvesFilesAndNamesWhatIsWrong()
    {
        string avro = At("a.avro");
        string lines = At("a.json");
        string ids = At("run.ids");
        await ReplayAsync("--to", "avro:" + avro, "--to", "ndjson:" + lines, "--manifest-ids", ids);
        foreach (string file in (string[])[avro, lines, "avro:" + avro, "ndjson:" + lines])
            Assert.Contains("complete, unaltered", (await VerifyAsync(0, file)).Error, StringComparison.Ordinal);

        string[] all = await File.ReadAllLinesAsync(lines, TestContext.Current.CancellationToken);
        string third = IdOf(all[2]);
        await File.WriteAllLinesAsync(At("dropped.json"), all.Where((_, i) => i != 2), TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(At("doubled.json"), [.. all, all[2]], TestContext.Current.CancellationToken);
        string altered = all[2].Replace("\"packets\":", "\"packets\":1", StringComparison.Ordinal);
        Assert.NotEqual(all[2], altered);
        await File.WriteAllLinesAsync(At("altered.json"), [.. all[..2], altered, .. all[3..]], TestContext.Current.CancellationToken);
        foreach (
            string[] reference in (string[][])
                [
                    ["--ids", ids],
                    ["--against", lines],
                ]
        )
        {
            AssertNamed(await VerifyAsync(1, At("dropped.json"), reference), "missing", third);
            AssertNamed(await VerifyAsync(1, At("doubled.json"), reference), "doubled", third);
            AssertNamed(await VerifyAsync(1, At("altered.json"), reference), "changed", third);
        }
        Assert.Contains("missing", (await VerifyAsync(1, At("dropped.json"))).Out, StringComparison.Ordinal);

        byte[] bytes = await File.ReadAllBytesAsync(avro, TestContext.Current.CancellationToken);
        bytes[^300] ^= 1;
        await VerifyAsync(1, _folder.Write("altered.avro", bytes));
        // A schema of other names makes other records of the same bytes.
        bytes[^300] ^= 1;
        int name = bytes.AsSpan().IndexOf("\"community_id\""u8);
        bytes[name + 1] = (byte)'k';
        Assert.Contains("schema", (await VerifyAsync(1, _folder.Write("renamed.avro", bytes))).Out, StringComparison.Ordinal);
        await VerifyAsync(1, _folder.Write("cut.avro", bytes.AsSpan(0, bytes.Length - 40)));
        (await VerifyAsync(2, At("absent.json"))).Said(2, "absent.json", "can't be read");
        (await Executable.RunAsync("verify", "--manifest", lines, "--from", lines)).Said(2, "--manifest", "can't be read");
        (await Executable.RunAsync("verify", "--manifest", Manifest, "--from", At("dropped.json"), "--against", avro)).Said(
            2,
            "another form"
        );
    }

    [Fact]
    public async Task VerifyProvesATopicAndTellsRunsApart()
    {
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic("t");
        kafka.CreateTopic("flowpipe.runs.v1");
        string topic = $"kafka://{kafka.BootstrapServers}/t";
        await ReplayAsync("--to", topic + "?format=avro");
        (await VerifyAsync(0, topic)).WithoutBug();
        // The same again: the topic has every record twice, but each run's part of it once.
        string second = At("second.json");
        (
            await Executable.RunAsync("replay", "-r", Executable.Sample("http.pcap"), "--to", topic + "?format=avro", "--manifest", second)
        ).Succeeded();
        await VerifyAsync(0, topic);
        (await Executable.RunAsync("verify", "--manifest", second, "--from", topic)).Succeeded();
        ProgramResult whole = await VerifyAsync(1, topic, "--whole");
        Assert.Contains("doubled", whole.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("missing", whole.Out, StringComparison.Ordinal);
        // The manifests are on a topic, too.
        byte[][] runs = [.. (await EmbeddedTopic.ReadAsync(kafka, "flowpipe.runs.v1")).Select(static message => message.Value)];
        Assert.Equal(2, runs.Length);
        Assert.Contains(runs, run => File.ReadAllText(second) == System.Text.Encoding.UTF8.GetString(run) + "\n");
        // And diff reads topics as it reads files.
        (await Executable.RunAsync("replay", "-r", Executable.Sample("http.pcap"), "--to", "avro:" + At("http.avro"))).Succeeded();
        ProgramResult diff = (await Executable.RunAsync("diff", At("http.avro"), topic)).Ended(1);
        Assert.All(diff.Lines, static line => Assert.StartsWith("+ ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatTheManifestNeedsIsKnownBeforeAnythingIsRead()
    {
        string sample = Executable.Sample("ntp.pcap");
        (await Executable.RunAsync("replay", "-r", sample, "--to", "null:", "--manifest", At("no/such/run.json"))).Said(
            1,
            "no such directory"
        );
        (await Executable.RunAsync("replay", "-r", sample, "--to", "null:", "--manifest-ids", At("x"))).Said(2, "--manifest FILE");
        (
            await Executable.RunAsync(
                "replay",
                "-r",
                sample,
                "--to",
                "ndjson:" + At("x.json"),
                "--manifest",
                Manifest,
                "--set",
                "records.sessions3Extras=false"
            )
        ).Said(2, "sessions3Extras");
    }

    private string At(string name) => Path.Combine(_folder.Path, name);

    private async Task ReplayAsync(params string[] more) =>
        (
            await Executable.RunAsync([
                "replay",
                "-r",
                Executable.Sample("http.pcap"),
                "-r",
                Executable.Sample("ftp.pcap.gz"),
                "--manifest",
                Manifest,
                .. more,
            ])
        ).Succeeded();

    private async Task<ProgramResult> VerifyAsync(int status, string from, params string[] more) =>
        (await Executable.RunAsync(["verify", "--manifest", Manifest, "--from", from, .. more])).Ended(status).WithoutBug();

    private static void AssertNamed(ProgramResult result, string kind, string id)
    {
        string line = Assert.Single(result.Lines);
        Assert.StartsWith(kind, line, StringComparison.Ordinal);
        Assert.Contains(id, line, StringComparison.Ordinal);
    }

    private static string IdOf(string document) => JsonElement.Parse(document).GetProperty("flowpipe").GetProperty("id").GetString()!;
}
