namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>The captures of samples/ and what is expected of them.</summary>
internal static class Samples
{
    public const string HowToRegenerate =
        "tests/fixtures/regenerate.sh makes the expected documents anew; look at what git says has changed";

    /// <summary>Fragmented pings and nothing else: no conversation between ports.</summary>
    public const string WithoutPorts = "fragments.pcap";

    /// <summary>File names.</summary>
    public static IEnumerable<string> Names => Repository.Samples().Select(static path => System.IO.Path.GetFileName(path));

    public static string Path(string sample) => Repository.Path("samples", sample);

    /// <summary>The expected document: <c>ftp.json</c> for <c>ftp.pcap.gz</c>.</summary>
    public static string Expected(string sample) =>
        Repository.Path("tests", "fixtures", sample[..sample.IndexOf('.', StringComparison.Ordinal)] + ".json");
}
