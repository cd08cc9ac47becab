using System.Text;
using System.Text.Json;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>What may leave the sensor, as its user types it.</summary>
public sealed class FieldsTests : IDisposable
{
    private static readonly string Http = Executable.Sample("http.pcap");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WhatIsExcludedIsInNoSink()
    {
        string lines = Path.Combine(_folder.Path, "a.json");
        string avro = Path.Combine(_folder.Path, "a.avro");
        string[] replay = ["replay", "-r", Http, "--to", $"ndjson:{lines}", "--to", $"avro:{avro}"];
        string[] marks = ["sample.test", "curl/", "02:00:00:77:00:01", "\"mac"];

        (await Executable.RunAsync(replay)).Succeeded();
        string all = await ReadAsync(lines) + await ReadAsync(avro);
        Assert.All(marks, mark => Assert.Contains(mark, all, StringComparison.Ordinal));

        ProgramResult run = (await Executable.RunAsync([.. replay, "--set", "fields.exclude=http mac.* user"])).Succeeded();
        Assert.Contains("ledger: balanced", run.Error, StringComparison.Ordinal);
        string left = await ReadAsync(lines) + WithoutSchema(await ReadAsync(avro));
        Assert.All(marks, mark => Assert.DoesNotContain(mark, left, StringComparison.Ordinal));
        Assert.Contains("\"community_id\":\"1:", left, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HashesAreTheSameFromRunToRunAndFromFileAndEnvironment()
    {
        string key = _folder.Write("hash.key", "0123456789abcdef0123456789abcdef\n"u8);
        string config = _folder.Write(
            "flowpipe.yaml",
            Encoding.UTF8.GetBytes($"fields:\n  hash: [ip.src, ip.dst, communityId, host.http, http.uri]\n  hashKeyFile: {key}\n")
        );
        ProgramResult file = (await Executable.RunAsync("replay", "-c", config, "-r", Http, "--to", "ndjson:-")).Succeeded();
        using var run = new ProgramRun(
            Executable.Path,
            ["replay", "-r", Http, "--to", "ndjson:-", "--partitions", "3"],
            new()
            {
                ["FLOWPIPE__FIELDS__HASH"] = "ip.src ip.dst communityId host.http http.uri",
                ["FLOWPIPE_FIELDS_HASH_KEY"] = "0123456789abcdef0123456789abcdef",
            }
        );
        ProgramResult environment = (await run.EndAsync()).Succeeded();
        Assert.Equal(Documents.Sorted(file.Out), Documents.Sorted(environment.Out));
        Assert.DoesNotContain("0123456789abcdef", file.Out + file.Error + environment.Error, StringComparison.Ordinal);
        foreach (JsonElement document in Documents.Parse(file.Out))
        {
            Assert.Matches("^fd0[46]:", document.GetProperty("source").GetProperty("ip").GetString());
            Assert.Matches("^[0-9a-f]{32}$", document.GetProperty("network").GetProperty("community_id").GetString());
        }
        Assert.DoesNotContain("www.sample.test", file.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("fd00:77::", file.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnlyWhatIsIncludedLeaves()
    {
        ProgramResult run = (
            await Executable.RunAsync("replay", "-r", Http, "--to", "ndjson:-", "--set", "fields.include=communityId http.statuscode")
        ).Succeeded();
        string[] known =
        [
            "firstPacket",
            "lastPacket",
            "length",
            "segmentCnt",
            "rootId",
            "node",
            "flowpipe",
            "network",
            "http",
            "packetRange",
        ];
        foreach (JsonElement document in Documents.Parse(run.Out))
        {
            Assert.All(document.EnumerateObject(), member => Assert.Contains(member.Name, known));
            Assert.Equal("community_id", Assert.Single(document.GetProperty("network").EnumerateObject()).Name);
        }
        Assert.Contains("\"http\":{\"statuscode\":[200],\"statuscodeCnt\":1}", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fields.exclude=htp", "fields.exclude: there is no field or group 'htp'", "http")]
    [InlineData("fields.include=http", "communityId does not leave", "openssl rand -hex 32")]
    [InlineData("fields.hash=user", "fields.hash needs a key", "fields.hashKeyFile")]
    [InlineData("fields.hash=port.src", "only texts and addresses can be hashed")]
    [InlineData("fields.exclude=first_packet", "can't be left out")]
    public async Task AMistakeIsWrongUsageAndNothingIsWritten(string setting, params string[] words)
    {
        string lines = Path.Combine(_folder.Path, "none.json");
        ProgramResult run = await Executable.RunAsync("replay", "-r", Http, "--to", $"ndjson:{lines}", "--set", setting);
        run.Said(2, words).WithoutBug();
        Assert.False(File.Exists(lines) && new FileInfo(lines).Length > 0);
    }

    [Fact]
    public async Task AKeyThatCannotBeReadIsNamed()
    {
        string missing = Path.Combine(_folder.Path, "missing.key");
        string[] replay = ["replay", "-r", Http, "--to", "null:", "--set", "fields.hash=user", "--set"];
        (await Executable.RunAsync([.. replay, $"fields.hashKeyFile={missing}"])).Said(2, missing, "can't be read").WithoutBug();
        string large = _folder.Write("large.key", new byte[5000]);
        (await Executable.RunAsync([.. replay, $"fields.hashKeyFile={large}"])).Said(2, large, "4096 bytes at most").WithoutBug();
        string small = _folder.Write("small.key", "geheim\n"u8);
        ProgramResult run = await Executable.RunAsync([.. replay, $"fields.hashKeyFile={small}"]);
        run.Said(2, "6 bytes", "16 at least").WithoutBug();
        Assert.DoesNotContain("geheim", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatCannotBeHashedOfAGroupIsLeftOutAndSaid()
    {
        ProgramResult run = (
            await Executable.RunAsync(
                "replay",
                "-r",
                Http,
                "--to",
                "ndjson:-",
                "--set",
                "fields.hash=http",
                "--set",
                $"fields.hashKeyFile={_folder.Write("k", "0123456789abcdef"u8)}"
            )
        ).Succeeded();
        Assert.Contains("only texts and addresses can be hashed", run.Error, StringComparison.Ordinal);
        Assert.Contains("http.method-GET", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("statuscode", run.Out, StringComparison.Ordinal);
    }

    private static async Task<string> ReadAsync(string path) =>
        Encoding.Latin1.GetString(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));

    /// <summary>What follows an Avro file's header, whose schema names fields that are in no record.</summary>
    private static string WithoutSchema(string file) => file[(file.LastIndexOf("\"default\"", StringComparison.Ordinal) + 1)..];
}
