using System.Text.Json;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// Scores our sessions3 documents against those that Arkime made of the same captures, fact by fact, for all that needs no protocol parser.
/// exceptions.tsv names the captures in which other sessions come out, and why.
/// </summary>
public sealed class AgreementTests
{
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
        JsonElement result = await ScoreAsync(set, cases);

        List<string> wrong = [];
        foreach (JsonProperty one in result.GetProperty("cases").EnumerateObject())
        {
            (int missing, int extra) = (Count(one.Value, "missing"), Count(one.Value, "extra"));
            if (one.Value.GetProperty("error").GetString() is { } error)
                wrong.Add($"{one.Name}: {error}");
            else if (missing + extra > 0 && !excepted.ContainsKey(one.Name))
                wrong.Add($"{one.Name}: {missing} sessions missing, {extra} spurious");
        }
        double percent = result.GetProperty("percent").GetDouble();
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
        HashSet<string> cases = [.. Cases(set)];
        JsonElement result = await ScoreAsync(set, [.. Exceptions().Keys.Where(cases.Contains)]);

        var agree = result
            .GetProperty("cases")
            .EnumerateObject()
            .Where(static one => Count(one.Value, "exact") == Count(one.Value, "sessions") && Count(one.Value, "extra") == 0)
            .Select(static one => one.Name);
        Assert.Empty(agree);
    }

    [Fact]
    public void ExceptionsAreOnTheLists()
    {
        HashSet<string> listed = [.. Cases("flows"), .. Cases("arkime"), .. Cases("encapsulation")];
        Assert.Subset(listed, Exceptions().Keys.ToHashSet());
    }

    private static async Task<JsonElement> ScoreAsync(string set, string[] cases)
    {
        string corpus = Repository.Shared("corpus", set);
        string score = Repository.Shared("conformance", "score.py");
        using var folder = new TemporaryFolder();
        string list = folder.Path("list");
        await File.WriteAllLinesAsync(list, cases);
        string json = folder.Path("result.json");
        string command = $"{Programs.FlowPipe} replay -c tests/conformance.yaml --quiet --to ndjson:- --format sessions3 -r {{}}";
        await Programs.OutputOfAsync("python3", score, "--core", "--corpus", corpus, "--list", list, "--command", command, "--json", json);
        await using FileStream file = File.OpenRead(json);
        JsonElement result = (await JsonDocument.ParseAsync(file)).RootElement;
        Assert.Equal(cases.Length, result.GetProperty("cases").EnumerateObject().Count());
        return result;
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

    private static int Count(JsonElement one, string name) => one.GetProperty(name).GetInt32();
}
