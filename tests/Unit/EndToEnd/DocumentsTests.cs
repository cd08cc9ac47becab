using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>What the documents say is what the program does.</summary>
public sealed partial class DocumentsTests
{
    private const string Broker = "kafka://localhost:9092/flowpipe.spi.v1";

    [Fact]
    public async Task EveryCommandOfTheReadmeWorks()
    {
        using var folder = new TemporaryFolder();
        byte[] capture = await File.ReadAllBytesAsync(Executable.Sample("http.pcap"), TestContext.Current.CancellationToken);
        folder.Write("my.pcap", capture);
        folder.Write("captures/deeper/one.pcap", capture);
        string plugin = typeof(Watch.WatchPlugin).Assembly.Location;
        folder.Write("plugins/Watch.dll", await File.ReadAllBytesAsync(plugin, TestContext.Current.CancellationToken));
        string path = $"{Path.GetDirectoryName(Executable.Path)}:{Environment.GetEnvironmentVariable("PATH")}";
        int port = SilentServer.ClosedPort();
        string[] commands = [.. Commands(await ReadAsync("README.md"))];
        Assert.True(commands.Length >= 12, string.Join('\n', commands));
        List<Task<ProgramResult>> unanswered = [];
        foreach (string command in commands)
        {
            // Where a broker is wanted nobody listens: the command line is right, the broker is absent, and that takes a while to be sure of.
            bool wantsBroker = command.Contains(Broker, StringComparison.Ordinal);
            string typed = command.Replace(Broker, $"kafka://127.0.0.1:{port}/flowpipe.spi.v1", StringComparison.Ordinal);
            var run = new ProgramRun(
                "bash",
                ["-c", $"cd '{folder.Path}' && {typed}"],
                new() { ["PATH"] = path, ["STATE_DIRECTORY"] = Path.Combine(folder.Path, $"state{unanswered.Count}") }
            );
            Task<ProgramResult> end = run.EndAsync();
            if (!wantsBroker)
                (await end).Succeeded().WithoutBug();
            else
                unanswered.Add(end);
            // the next commands look at what it has spooled
            if (command.Contains("--spool spool", StringComparison.Ordinal))
                await end;
        }
        foreach (ProgramResult result in await Task.WhenAll(unanswered))
            result.Said(1, "no answer from the brokers").WithoutBug();
        // What they wrote is what the README says that they write.
        foreach (string file in (string[])["all.avro", "sessions.json", "flowpipe.yaml", "stats.json", "session.avsc"])
            Assert.True(new FileInfo(Path.Combine(folder.Path, file)).Length > 0, file);
    }

    [Fact]
    public async Task TheSettingsAreThoseThatThereAre()
    {
        const string Begin = "<!-- settings: written from `flowpipe config --list --format json`; EndToEnd.DocumentsTests compares -->\n";
        const string End = "<!-- end of settings -->";
        string text = await ReadAsync("docs", "operations.md");
        int begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        Assert.True(begin >= Begin.Length, "docs/operations.md has lost the mark where its settings begin");
        string shown = text[begin..text.IndexOf(End, StringComparison.Ordinal)];
        string current = SettingsTable((await Executable.RunAsync("config", "--list", "--format", "json")).Succeeded().Out);
        if (shown == current)
            return;
        string renewed = Repository.Path("artifacts", "operations.md");
        await File.WriteAllTextAsync(
            renewed,
            text.Replace(Begin + shown, Begin + current, StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );
        Assert.Fail($"the settings in docs/operations.md are not those of the program; {renewed} has them as they are now, copy it");
    }

    [Fact]
    public async Task WhatConsumersPasteIsWhatTheProgramPrints()
    {
        string path = Repository.Path("docs", "consumers.md");
        string text = await ReadAsync("docs", "consumers.md");
        string current = text;
        MatchCollection parts = Definition().Matches(text);
        Assert.Equal(ConsumerDefinitions.Names.Where(static name => name != "avro").Order(), parts.Select(NameOf).Order());
        foreach (Match part in parts)
        {
            string printed = (await Executable.RunAsync("schema", "--as", NameOf(part))).Succeeded().Out;
            string language = NameOf(part) switch
            {
                "spark" => "python",
                "opensearch" or "json" => "json",
                _ => "sql",
            };
            current = current.Replace(
                part.Value,
                $"<!-- schema --as {NameOf(part)} -->\n```{language}\n{printed}```\n<!-- end of schema -->",
                StringComparison.Ordinal
            );
        }
        if (Environment.GetEnvironmentVariable("FLOWPIPE_UPDATE_DOCS") == "1")
            await File.WriteAllTextAsync(path, text = current, TestContext.Current.CancellationToken);
        Assert.True(current == text, "docs/consumers.md is stale. Regenerate it by running this test once with FLOWPIPE_UPDATE_DOCS=1");

        static string NameOf(Match part) => part.Groups["name"].Value;
    }

    [Fact]
    public async Task TheReadmeNamesEveryPackageThatIsUsed()
    {
        string readme = await ReadAsync("README.md");
        string dependencies = readme[readme.IndexOf("## Dependencies", StringComparison.Ordinal)..];
        string[] projects =
        [
            Repository.Path("Directory.Build.props"),
            .. Directory.EnumerateFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories),
            .. Directory.EnumerateFiles(Repository.Path("tests"), "*.csproj", SearchOption.AllDirectories),
        ];
        string[] packages =
        [
            .. projects
                .SelectMany(static project => XDocument.Load(project).Descendants("PackageReference"))
                .Select(static reference => reference.Attribute("Include")!.Value)
                .Distinct(StringComparer.Ordinal),
        ];
        Assert.NotEmpty(packages);
        Assert.All(packages, package => Assert.Contains(package, dependencies, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/operations.md")]
    [InlineData("docs/writing-a-parser.md")]
    [InlineData("docs/records.md")]
    [InlineData("docs/consumers.md")]
    public async Task LinksLeadSomewhere(string document)
    {
        string folder = Path.GetDirectoryName(Repository.Path(document))!;
        foreach (Match link in Link().Matches(await ReadAsync(document)))
        {
            string target = link.Groups["target"].Value;
            if (!target.Contains("://", StringComparison.Ordinal))
                Assert.True(Path.Exists(Path.Combine(folder, target)), $"{document} leads to {target}, which is not there");
        }
    }

    private static Task<string> ReadAsync(params string[] parts) =>
        File.ReadAllTextAsync(Repository.Path(parts), TestContext.Current.CancellationToken);

    /// <summary>The lines of shell blocks that run the program, without their comments.</summary>
    private static IEnumerable<string> Commands(string markdown)
    {
        foreach (Match block in ShellBlock().Matches(markdown))
        {
            foreach (string line in block.Groups["lines"].Value.Split('\n'))
            {
                string command = Comment().Replace(line, "");
                // captures are root's, last until they are stopped, and are tested in networks of their own
                if (command.StartsWith("sudo ", StringComparison.Ordinal))
                    continue;
                if (command.Split(' ').Contains("flowpipe", StringComparer.Ordinal))
                    yield return command;
            }
        }
    }

    private static string SettingsTable(string json)
    {
        var table = new StringBuilder("| setting | default | accepts | |\n|---|---|---|---|\n");
        foreach (JsonElement setting in JsonElement.Parse(json).EnumerateArray())
        {
            string flag = setting.TryGetProperty("flag", out JsonElement name) ? $", `{name.GetString()}`" : "";
            JsonElement value = setting.GetProperty("default");
            string text = value.ValueKind == JsonValueKind.Array ? string.Join(' ', value.EnumerateArray()) : value.ToString();
            // JsonElement would spell it True.
            text = value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetRawText() : text;
            string shown = text.Length == 0 ? "" : $"`{text}`";
            table.Append(
                $"| `{setting.GetProperty("name").GetString()}`{flag} | {shown} | {setting.GetProperty("accepts").GetString()} | {setting.GetProperty("help").GetString()} |\n"
            );
        }
        table.Append("\n`kafka.NAME` sets any property of librdkafka by its own name (in the environment with `_` for each dot).\n");
        return table.ToString();
    }

    private const int TimeLimitMs = 60_000;

    [GeneratedRegex(
        "^```sh\n(?<lines>.*?)^```",
        RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        TimeLimitMs
    )]
    private static partial Regex ShellBlock();

    [GeneratedRegex(
        "<!-- schema --as (?<name>[a-z]+) -->\n.*?<!-- end of schema -->",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        TimeLimitMs
    )]
    private static partial Regex Definition();

    [GeneratedRegex(@"\s+# .*$", RegexOptions.ExplicitCapture, TimeLimitMs)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\]\((?<target>[^)#]+)\)", RegexOptions.ExplicitCapture, TimeLimitMs)]
    private static partial Regex Link();
}
