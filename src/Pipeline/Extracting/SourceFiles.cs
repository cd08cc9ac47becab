namespace FlowPipe.Pipeline.Extracting;

/// <summary>Finds the captures that records name, also where they have been moved to.</summary>
/// <param name="root">The folder that they lie in now, under the whole of their path or the end of it; null: where the records say.</param>
internal sealed class SourceFiles(string? root)
{
    private const string FileScheme = "file://";

    /// <summary>A URI as the user knows it: a file's path, or the name of what was no file.</summary>
    public static string Shown(string uri) =>
        uri.StartsWith(FileScheme, StringComparison.Ordinal) && Uri.TryCreate(uri, UriKind.Absolute, out Uri? parsed)
            ? parsed.LocalPath
            : uri;

    /// <summary>The files that may be what a URI names, the likeliest first; all of them exist.</summary>
    public IEnumerable<string> Candidates(string uri)
    {
        if (!uri.StartsWith(FileScheme, StringComparison.Ordinal))
            yield break;
        string path = Shown(uri);
        if (root is null)
        {
            if (File.Exists(path))
                yield return path;
            yield break;
        }
        // Of /data/captures/a.pcap, mounted or copied elsewhere, any number of leading folders may be gone.
        string[] steps = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int first = 0; first < steps.Length; first++)
        {
            string candidate = Path.Combine([root, .. steps[first..]]);
            // What a record says must not lead out of the folder.
            if (!Array.Exists(steps, static step => step == "..") && File.Exists(candidate))
                yield return candidate;
        }
    }
}
