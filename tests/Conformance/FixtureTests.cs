using System.Text;
using FlowPipe.Core.Reading;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// Every sample has its expected document in tests/fixtures: the sessions3 records of a run with all settings as they are by default, the capture
/// coming through stdin so that no path is in them, one a line and sorted. ConversationTests say whether they are right.
/// </summary>
public sealed class FixtureTests
{
    public static TheoryData<string> Names => [.. Samples.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task DocumentsAreAsExpected(string sample)
    {
        string path = Samples.Expected(sample);
        Assert.True(File.Exists(path), $"{path} is missing: {Samples.HowToRegenerate}");
        string[] expected = await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken);

        byte[] bytes = await File.ReadAllBytesAsync(Samples.Path(sample), TestContext.Current.CancellationToken);
        FileReaderSettings reading = ReadingVariants.Default(CaptureInput.StandardInput) with
        {
            OpenStandardInput = () => new MemoryStream(bytes, writable: false),
        };
        await using var sink = new CollectingSink(avro: false, json: true);
        await new InProcessRun { Reading = reading, Partitions = 2 }.IntoAsync(sink);
        string[] actual = [.. sink.Json.Select(Encoding.UTF8.GetString).Order(StringComparer.Ordinal)];

        string[] missing = [.. expected.Except(actual)];
        string[] more = [.. actual.Except(expected)];
        Assert.True(
            missing.Length + more.Length == 0 && expected.Length == actual.Length,
            $"{sample}: {missing.Length} of {expected.Length} documents are not there, {more.Length} are new\n"
                + $"- {missing.FirstOrDefault()}\n+ {more.FirstOrDefault()}\nIf that is how it should be: {Samples.HowToRegenerate}"
        );
    }

    [Fact]
    public void EveryExpectedDocumentHasItsSample()
    {
        string[] expected = [.. Samples.Names.Select(Samples.Expected).Order(StringComparer.Ordinal)];
        Assert.Equal(expected, Repository.Captures(Repository.Path("tests", "fixtures"), "*.json"));
    }
}
