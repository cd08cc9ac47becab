using System.Collections.Concurrent;
using System.Text.Json;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// Scores our sessions3 documents against those that Arkime made of the same captures, fact by fact, for all that needs no protocol parser.
/// exceptions.tsv names the captures in which other sessions come out, and why.
/// </summary>
public sealed class AgreementTests
{
    /// <summary>Each set is replayed and scored once, whichever test asks first.</summary>
    private static readonly ConcurrentDictionary<string, Lazy<Task<Dictionary<string, Score>>>> Scores = new();

    /// <summary>How the documents of a capture compare with Arkime's.</summary>
    private sealed record Score(int Expected, int Matched, int Spurious, int Sessions, int Exact, int Missing, int Extra, string? Error);

    /// <summary>Over the whole set, the captures with exceptions among them.</summary>
    [Theory]
    [InlineData("flows")]
    [InlineData("arkime")]
    [InlineData("encapsulation")]
    public Task FactsAgreeWithArkimes(string set) => AgreesAsync(set, Cases(set), leastPercent: 98);

    /// <summary>Over the captures that hold nothing but unfragmented TCP, UDP, ICMP and SCTP, but for those with exceptions.</summary>
    [Theory]
    [InlineData("flows")]
    [InlineData("arkime")]
    public Task FactsOfPlainSessionsAgreeWithArkimes(string set)
    {
        string[] plain = File.ReadAllLines(Repository.Path("tests", "Conformance", set + "-plain.txt"));
        Dictionary<string, string> excepted = Exceptions();
        return AgreesAsync(set, [.. plain.Where(name => !excepted.ContainsKey(name))], leastPercent: 99);
    }

    private static async Task AgreesAsync(string set, string[] cases, double leastPercent)
    {
        Dictionary<string, string> excepted = Exceptions();
        Dictionary<string, Score> scores = await ScoresAsync(set);

        List<string> wrong = [];
        long matched = 0;
        long all = 0;
        foreach (string name in cases)
        {
            Score one = scores[name];
            matched += one.Matched;
            all += one.Expected + one.Spurious;
            if (one.Error is not null)
                wrong.Add($"{name}: {one.Error}");
            else if (one.Missing + one.Extra > 0 && !excepted.ContainsKey(name))
                wrong.Add($"{name}: {one.Missing} sessions missing, {one.Extra} spurious");
        }
        double percent = 100.0 * matched / all;
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(percent >= leastPercent, $"{percent:f2} % of the facts agree, {leastPercent} % are asked for");
    }

    /// <summary>A reason that no longer holds must not hide the next difference.</summary>
    [Theory]
    [InlineData("flows")]
    [InlineData("arkime")]
    [InlineData("encapsulation")]
    public async Task ExceptionsStillDiffer(string set)
    {
        Dictionary<string, Score> scores = await ScoresAsync(set);
        string[] excepted = [.. Exceptions().Keys.Where(scores.ContainsKey)];
        Assert.DoesNotContain(excepted, name => scores[name].Exact == scores[name].Sessions && scores[name].Extra == 0);
    }

    [Fact]
    public void ExceptionsAreOnTheLists()
    {
        HashSet<string> listed = [.. Cases("flows"), .. Cases("arkime"), .. Cases("encapsulation")];
        Assert.Subset(listed, Exceptions().Keys.ToHashSet());
    }

    private static Task<Dictionary<string, Score>> ScoresAsync(string set) =>
        Scores.GetOrAdd(set, static set => new Lazy<Task<Dictionary<string, Score>>>(() => ScoreAsync(set))).Value;

    private static async Task<Dictionary<string, Score>> ScoreAsync(string set)
    {
        using var folder = new TemporaryFolder();
        string json = folder.Path("result.json");
        string command = $"{Programs.FlowPipe} replay -c tests/conformance.yaml --quiet --to ndjson:- --format sessions3 -r {{}}";
        await Programs.OutputOfAsync(
            "python3",
            Repository.Shared("conformance", "score.py"),
            "--core",
            "--corpus",
            Repository.Shared("corpus", set),
            "--command",
            command,
            "--json",
            json
        );
        await using FileStream file = File.OpenRead(json);
        JsonElement result = (await JsonDocument.ParseAsync(file)).RootElement.GetProperty("cases");
        Dictionary<string, Score> scores = result.Deserialize<Dictionary<string, Score>>(JsonSerializerOptions.Web)!;
        Assert.Equal(Cases(set).Order(StringComparer.Ordinal), scores.Keys.Order(StringComparer.Ordinal));
        return scores;
    }

    private static string[] Cases(string set) =>
        [
            .. Directory
                .GetFiles(Path.Join(Repository.Shared("corpus", set), "expected"), "*.json")
                .Select(static file => Path.GetFileNameWithoutExtension(file)!),
        ];

    private static Dictionary<string, string> Exceptions() =>
        File.ReadLines(Repository.Path("tests", "Conformance", "exceptions.tsv"))
            .Where(static line => !line.StartsWith('#'))
            .Skip(1)
            .Select(static line => line.Split('\t'))
            .ToDictionary(static columns => columns[0], static columns => columns[1]);
}
