using System.Text.Json.Nodes;
using FlowPipe.Tests.Broken;
using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;
using Watch;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>Plugins as a user has them: files, loaded by the program. The example works, and one that is broken is named and harms nobody.</summary>
public sealed class PluginTests : IDisposable
{
    private static readonly string Example = typeof(WatchPlugin).Assembly.Location;
    private static readonly string Broken = typeof(BrokenPlugin).Assembly.Location;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("plugins")]
    [InlineData("rootPlugins")]
    public async Task TheExampleRecordsAndCounts(string setting)
    {
        string stats = In("stats.json");
        ProgramResult run = await RunAsync(
            ["--set", $"pluginsDir={Path.GetDirectoryName(Example)}", "--set", $"{setting}=Watch", "--set", "parsers.watchElephant=1000"],
            ["--to", "ndjson:-", "--stats", stats]
        );
        JsonObject[] records = [.. run.Succeeded().Lines.Select(line => JsonNode.Parse(line)!.AsObject())];
        foreach (JsonObject record in records)
        {
            bool large = record["totDataBytes"]!.GetValue<long>() >= 1000;
            Assert.Equal(large ? "elephant" : "mouse", record["flowpipe"]!["custom"]!["watch.size"]!.GetValue<string>());
            Assert.Equal(large, record["tags"]?.AsArray().Any(tag => tag!.GetValue<string>() == "elephant") ?? false);
        }
        Assert.Contains(records, record => record["tags"] is not null);
        JsonObject plugin = Figures(stats)["watch"];
        Assert.Equal((0, records.Length), (plugin["errors"]!.GetValue<int>(), plugin["counters"]!["final_records"]!.GetValue<int>()));
        Assert.Contains($"plugin watch: tap_tags 0, ", run.Error, StringComparison.Ordinal);
        Assert.Contains($" final_records {records.Length}, ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheExamplesSettingsAreListed()
    {
        ProgramResult list = await Executable.RunAsync(
            "config",
            "--list",
            "--set",
            $"pluginsDir={Path.GetDirectoryName(Example)}",
            "--set",
            "plugins=Watch"
        );
        Assert.Contains("parsers.watchElephant", list.Succeeded().Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("constructor", "FlowPipe.Tests.Broken.dll is not used: it can't be loaded: it is the constructor")]
    [InlineData("name", "plugin FlowPipe.Tests.Broken.BrokenPlugin is not used: it can't register: it is the name")]
    [InlineData("register", "plugin broken is not used: it can't register: it is the register")]
    [InlineData("saveHook", "plugin broken: its save hook has an error, and the record is made without it")]
    [InlineData("classifier", null)]
    [InlineData("background", "plugin broken: its background work has an error, and it has ended")]
    [InlineData("counter", "plugin broken: counter observed has an error, and it stays as it was")]
    public async Task ABrokenOneIsNamedAndTheRunSucceeds(string broken, string? said)
    {
        string stats = In("stats.json");
        ProgramResult whole = (await RunAsync(["--to", "ndjson:-"])).Succeeded();
        ProgramResult run = await RunAsync(
            ["--set", $"pluginsDir={Path.GetDirectoryName(Broken)}", "--set", "plugins=FlowPipe.Tests.Broken"],
            ["--to", "ndjson:-", "--stats", stats],
            broken
        );
        Assert.Equal(whole.Lines.Length, run.Succeeded().Lines.Length);
        Assert.Contains("ledger: balanced", run.Error, StringComparison.Ordinal);
        // The sample's sessions do not begin as the broken parser's would: that one is never called.
        Assert.Contains(said ?? "plugin broken: observed 7", run.Error, StringComparison.Ordinal);
        bool counted = broken is "saveHook" or "background" or "counter";
        Assert.Equal(counted, Figures(stats).TryGetValue("broken", out JsonObject? plugin) && plugin["errors"]!.GetValue<long>() > 0);
    }

    [Fact]
    public async Task TheLinesOfItsReadmeWork()
    {
        string readme = await File.ReadAllTextAsync(
            Repository.Path("samples", "plugins", "README.md"),
            TestContext.Current.CancellationToken
        );
        string[] blocks = readme.Split("```sh\n");
        string lines = blocks[2][..blocks[2].IndexOf("```", StringComparison.Ordinal)];
        Assert.InRange(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, 10);
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["FLOWPIPE"] = Path.GetDirectoryName(Executable.Path),
            ["EXAMPLE"] = Repository.Path("samples", "plugins", "Watch"),
            ["DOTNET_NOLOGO"] = "1",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
            // Nothing is to go on running when the test is over.
            ["MSBUILDDISABLENODEREUSE"] = "1",
            ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
            ["UseSharedCompilation"] = "false",
        };
        ProgramResult run = await new ProgramRun(
            "bash",
            ["-euo", "pipefail", "-c", $"cd {_folder.Path}\n{lines}"],
            environment,
            limit: TimeSpan.FromMinutes(5)
        ).EndAsync();
        Assert.Contains("\"custom\":{\"watch.size\":\"elephant\"}", run.Succeeded().Out, StringComparison.Ordinal);
        Assert.Contains("plugin watch: ", run.Error, StringComparison.Ordinal);
    }

    private static Task<ProgramResult> RunAsync(string[] plugin, string[]? more = null, string broken = "") =>
        new ProgramRun(
            Executable.Path,
            ["replay", "-r", Executable.Sample("http.pcap"), "--node", "test", .. plugin, .. more ?? []],
            new Dictionary<string, string?>(StringComparer.Ordinal) { [BrokenPlugin.Variable] = broken }
        ).EndAsync();

    private static Dictionary<string, JsonObject> Figures(string stats) =>
        JsonNode.Parse(File.ReadAllText(stats))!["plugins"]!
            .AsArray()
            .ToDictionary(plugin => plugin!["name"]!.GetValue<string>(), plugin => plugin!.AsObject(), StringComparer.Ordinal);

    private string In(string name) => Path.Combine(_folder.Path, name);
}
