using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// Three captures, each put again into every link type, tunnel, file format and compression (<c>corpus/encapsulation/metamorphic</c>): what is
/// inside is the same, so the sessions must be.
/// </summary>
public sealed class MetamorphicTests
{
    /// <summary>What may differ, and why. Those that do not must be taken off.</summary>
    private static readonly Dictionary<string, string> Exceptions = [];

    [Theory]
    [InlineData("dns4")]
    [InlineData("http4")]
    [InlineData("http6")]
    public async Task InnerSessionsAreThoseOfTheBase(string name)
    {
        string folder = Repository.Shared("corpus", "encapsulation", "metamorphic");
        List<string> expected = await InnerSessions.OfAsync(Path.Combine(folder, name + "__pcap-le-us.pcap"));
        Assert.NotEmpty(expected);
        var differ = new List<string>();
        foreach (string path in Repository.Captures(folder, name + "__*"))
        {
            string file = Path.GetFileName(path);
            string? difference = await DifferenceAsync(path, expected);
            if (difference is null == Exceptions.ContainsKey(file))
                differ.Add($"{file}: {difference ?? "agrees, and must be taken off the exceptions"}");
        }
        Assert.True(differ.Count == 0, string.Join('\n', differ));
    }

    private static async Task<string?> DifferenceAsync(string path, List<string> expected)
    {
        try
        {
            List<string> found = await InnerSessions.OfAsync(path);
            return found.SequenceEqual(expected, StringComparer.Ordinal)
                ? null
                : string.Join(
                    "; ",
                    expected
                        .Except(found)
                        .Select(static line => "- " + line)
                        .Concat(found.Except(expected).Select(static line => "+ " + line))
                );
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return e.Message;
        }
    }
}
